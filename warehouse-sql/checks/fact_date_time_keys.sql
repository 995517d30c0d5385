-- severity: error
-- date_key and time_key of a fact are the day and the second of the day (UTC) of its ts.
-- Days are checked by their first and last fact, and seconds by arithmetic: calendar functions for each row
-- would cost more than all else that a load does.
with days as (
  select
    'fact_listen' as fact, date_key, min(ts) as first_ts, max(ts) as last_ts,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by date_key
  union all
  select
    'fact_auth' as fact, date_key, min(ts) as first_ts, max(ts) as last_ts,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from warehouse.fact_auth
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by date_key
  union all
  select
    'fact_page_view' as fact, date_key, min(ts) as first_ts, max(ts) as last_ts,
    count(*) filter (
      where time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
    ) as wrong_times
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by date_key
)
select fact, 'date_key' as key_column, date_key as key, first_ts, last_ts
from days
left join warehouse.dim_date as d using (date_key)
where d.date_key is null
  or (first_ts at time zone 'UTC')::date <> d.date
  or (last_ts at time zone 'UTC')::date <> d.date
  or wrong_times > 0
union all
select 'dim_time', 'time_key', expected, null, null
from generate_series(0, 86399) as expected
where $1::timestamptz < $2::timestamptz
  and not exists (select from warehouse.dim_time where time_key = expected)
