-- What both layers have done, in one row: the speed layer's sums, how the loads ended, and the last one that was published.
select
  (select count(*) from speed.worker where lease_until > now())::text as workers,
  w.flushes::text, w.flush_seconds::text, w.listens::text, w.auths::text, w.page_views::text, w.late::text,
  w.redelivered::text, w.quarantined::text,
  ends.published::text, ends.failed::text, ends.running::text,
  last.seconds::text, last.age::text, last.events_read::text, last.listens::text, last.auths::text, last.page_views::text,
  last.late::text, last.redelivered::text, last.quarantined::text,
  case when isfinite(p.final_before) then extract(epoch from p.final_before)::text end as final_before
from batch.published as p
cross join (
  select
    sum(flushes) as flushes, sum(flush_seconds) as flush_seconds, sum(listens) as listens, sum(auths) as auths,
    sum(page_views) as page_views, sum(late) as late, sum(redelivered) as redelivered, sum(quarantined) as quarantined
  from speed.work
) as w
cross join (
  select
    count(*) filter (where finished_at is not null and status <> 'failed') as published,
    count(*) filter (where status = 'failed') as failed,
    count(*) filter (where status = 'running') as running
  from warehouse.load_state
) as ends
left join lateral (
  select
    extract(epoch from finished_at - started_at) as seconds, extract(epoch from now() - p.published_at) as age, events_read,
    listens, auths, page_views, late, redelivered, quarantined
  from warehouse.load_run
  where load_run_id = p.load_run_id
) as last on true
