-- severity: error
-- Each minute of batch.minute_totals is what its facts add up to, and date_key and time_key of these facts are the day and the second (UTC) of their ts.
-- Both rules are asked for in one reading of the facts. The day is looked at once a minute, and the second by arithmetic:
-- calendar functions for each row would cost more than all else that a load does.
with listens as (
  select
    date_bin('1 minute', ts, 'epoch') as minute,
    count(*) as listens,
    coalesce(sum(listened_ms), 0) as listened_ms,
    count(*) filter (where outcome = 'completed') as completed,
    count(*) filter (where outcome = 'skipped') as skipped,
    count(*) filter (where outcome = 'partial') as partial,
    min(date_key) as first_day, max(date_key) as last_day,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1
),
page_views as (
  select
    date_bin('1 minute', ts, 'epoch') as minute,
    count(*) as page_views,
    count(*) filter (where status >= 400) as errors,
    min(date_key) as first_day, max(date_key) as last_day,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1
),
auths as (
  select
    date_bin('1 minute', ts, 'epoch') as minute,
    count(*) filter (where success) as logins,
    count(*) filter (where not success) as failed_logins,
    min(date_key) as first_day, max(date_key) as last_day,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from warehouse.fact_auth
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1
),
keys as (
  select 'fact_listen' as fact, minute, first_day, last_day, wrong_times
  from listens
  union all
  select 'fact_page_view', minute, first_day, last_day, wrong_times
  from page_views
  union all
  select 'fact_auth', minute, first_day, last_day, wrong_times
  from auths
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
    as compared,
  facts.counts as in_facts,
  totals.counts as expected
from facts
full join totals using (minute)
where coalesce(facts.counts, array_fill(0::bigint, array[9]))
  <> coalesce(totals.counts, array_fill(0::bigint, array[9]))
union all
select
  minute, fact || ': first and last date_key, facts with another time_key',
  array[first_day, last_day, wrong_times], array[date_key, date_key, 0]
from keys
left join warehouse.dim_date as d on d.date = (minute at time zone 'UTC')::date
where first_day is distinct from d.date_key or last_day is distinct from d.date_key or wrong_times > 0
union all
select null, 'dim_time: no row for this second of a day', null, array[expected]
from generate_series(0, 86399) as expected
where $1::timestamptz < $2::timestamptz
  and not exists (select from warehouse.dim_time where time_key = expected)
