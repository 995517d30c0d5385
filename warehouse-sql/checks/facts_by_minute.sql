-- severity: error
-- Each minute of batch.minute_totals is what its facts add up to, and date_key and time_key of these facts are the day and the second (UTC) of their ts.
-- Both rules are asked for in one reading of the facts, which are added up by what their keys say, as whole numbers are compared
-- faster than times: where first and last ts of such a minute are in it, all are. The day is looked at once a minute, and the
-- second by arithmetic: calendar functions for each row would cost more than all else that a load does. A play that stands for
-- its page view too counts as both.
with listens as (
  select
    date_key, time_key / 60 as minute_of_day,
    date_bin('1 minute', min(ts), 'epoch') as minute,
    date_bin('1 minute', max(ts), 'epoch') as last_minute,
    count(*) as listens,
    coalesce(sum(listened_ms), 0) as listened_ms,
    count(*) filter (where outcome = 'completed') as completed,
    count(*) filter (where outcome = 'skipped') as skipped,
    count(*) filter (where outcome = 'partial') as partial,
    count(*) filter (where has_page_view) as page_views,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from layers.play
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1, 2
),
page_views as (
  select
    date_key, time_key / 60 as minute_of_day,
    date_bin('1 minute', min(ts), 'epoch') as minute,
    date_bin('1 minute', max(ts), 'epoch') as last_minute,
    count(*) as page_views,
    count(*) filter (where status >= 400) as errors,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from layers.own_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1, 2
),
auths as (
  select
    date_key, time_key / 60 as minute_of_day,
    date_bin('1 minute', min(ts), 'epoch') as minute,
    date_bin('1 minute', max(ts), 'epoch') as last_minute,
    count(*) filter (where success) as logins,
    count(*) filter (where not success) as failed_logins,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from warehouse.fact_auth
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1, 2
),
keys as (
  select 'fact_listen' as fact, date_key, minute_of_day, minute, last_minute, wrong_times
  from listens
  union all
  select 'fact_page_view', date_key, minute_of_day, minute, last_minute, wrong_times
  from page_views
  union all
  select 'fact_auth', date_key, minute_of_day, minute, last_minute, wrong_times
  from auths
),
counted as (
  select minute, array[listens, listened_ms, completed, skipped, partial, page_views, 0, 0, 0] as counts
  from listens
  union all
  select minute, array[0, 0, 0, 0, 0, page_views, errors, 0, 0]
  from page_views
  union all
  select minute, array[0, 0, 0, 0, 0, 0, 0, logins, failed_logins]
  from auths
),
facts as (
  select
    minute,
    array[
      sum(counts[1]), sum(counts[2]), sum(counts[3]), sum(counts[4]), sum(counts[5]),
      sum(counts[6]), sum(counts[7]), sum(counts[8]), sum(counts[9])
    ]::bigint[] as counts
  from counted
  group by minute
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
  minute, fact || ': first and last minute, facts with another time_key',
  array[date_part('epoch', minute), date_part('epoch', last_minute), wrong_times]::bigint[],
  array[date_part('epoch', said), date_part('epoch', said), 0]::bigint[]
from keys
left join warehouse.dim_date as d using (date_key)
cross join lateral (
  select (d.date + minute_of_day * interval '1 minute') at time zone 'UTC' as said
) as by_keys
where minute is distinct from said or last_minute is distinct from said or wrong_times > 0
union all
select null, 'dim_time: no row for this second of a day', null, array[expected]
from generate_series(0, 86399) as expected
where $1::timestamptz < $2::timestamptz
  and (select count(*) from warehouse.dim_time where time_key between 0 and 86399) < 86400
  and not exists (select from warehouse.dim_time where time_key = expected)
