-- severity: error
-- batch.minute_totals says of each minute what the facts of that minute add up to.
with listens as (
  select
    date_bin('1 minute', ts, 'epoch') as minute,
    count(*) as listens,
    coalesce(sum(listened_ms), 0) as listened_ms,
    count(*) filter (where outcome = 'completed') as completed,
    count(*) filter (where outcome = 'skipped') as skipped,
    count(*) filter (where outcome = 'partial') as partial
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1
),
page_views as (
  select
    date_bin('1 minute', ts, 'epoch') as minute,
    count(*) as page_views,
    count(*) filter (where status >= 400) as errors
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1
),
auths as (
  select
    date_bin('1 minute', ts, 'epoch') as minute,
    count(*) filter (where success) as logins,
    count(*) filter (where not success) as failed_logins
  from warehouse.fact_auth
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1
),
facts as (
  select
    minute,
    array[
      coalesce(listens, 0), coalesce(listened_ms, 0), coalesce(completed, 0), coalesce(skipped, 0),
      coalesce(partial, 0), coalesce(page_views, 0), coalesce(errors, 0), coalesce(logins, 0),
      coalesce(failed_logins, 0)
    ]::bigint[] as counts
  from listens
  full join page_views using (minute)
  full join auths using (minute)
),
totals as (
  select
    minute,
    array[
      coalesce(listens, 0), coalesce(listened_ms, 0), coalesce(completed, 0), coalesce(skipped, 0),
      coalesce(partial, 0), coalesce(page_views, 0), coalesce(errors, 0), coalesce(logins, 0),
      coalesce(failed_logins, 0)
    ]::bigint[] as counts
  from batch.minute_totals
  where minute >= $1::timestamptz and minute < $2::timestamptz
)
select
  minute,
  'listens, listened_ms, completed, skipped, partial, page_views, errors, logins, failed_logins'
    as counted,
  facts.counts as in_facts,
  totals.counts as in_rollup
from facts
full join totals using (minute)
where coalesce(facts.counts, array_fill(0::bigint, array[9]))
  <> coalesce(totals.counts, array_fill(0::bigint, array[9]))
