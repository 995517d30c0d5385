-- Totals of the stretches of a load, to be compared with copies of its facts. Of facts that the load does not touch there is a copy
-- of whole days alone: on the others the totals show what the load changes of their counters, which is nothing. What these were
-- before is in the undo log for minutes that the load has staged, and as it is for all others. Page views are of two facts, plays
-- that stand for one and those with a row of their own: where one of the two is copied, what was of it before is counted. The view
-- goes with the copies.
create temporary view audited_minutes as
select
  t.minute,
  t.listens - case when is_whole or {has_listens} then 0 else before.listens end as listens,
  t.listened_ms - case when is_whole or {has_listens} then 0 else before.listened_ms end as listened_ms,
  t.completed - case when is_whole or {has_listens} then 0 else before.completed end as completed,
  t.skipped - case when is_whole or {has_listens} then 0 else before.skipped end as skipped,
  t.partial - case when is_whole or {has_listens} then 0 else before.partial end as partial,
  t.page_views - case
    when is_whole or {has_listens} and {has_page_views} then 0
    else before.page_views - coalesce(copied.page_views, 0)
  end as page_views,
  t.errors - case when is_whole or {has_page_views} then 0 else before.errors end as errors,
  t.logins - case when is_whole or {has_auths} then 0 else before.logins end as logins,
  t.failed_logins - case when is_whole or {has_auths} then 0 else before.failed_logins end as failed_logins
from (
  select
    minute,
    layers.day_of(minute) in (select day from pg_temp.audited_whole_day) as is_whole,
    {counters: coalesce(*, 0) as *}
  from pg_temp.audited_{table}
) as t
left join (
  select minute, true as is_staged from {staged}
  union
  select minute, true from {staged_late}
) as staged using (minute)
left join undo.minute_totals as u using (minute)
left join (
  select date_bin('1 minute', ts, 'epoch') as minute, count(*) as page_views
  from pg_temp.audited_page_views
  where load_run_id <> {run}
  group by 1
) as copied using (minute)
cross join lateral (
  select {counters: case when is_staged then coalesce(u.*, 0) else t.* end as *}
) as before
