-- severity: error
-- date_key and time_key of a fact are the day and the second of the day (UTC) of its ts.
-- Days by their first and last fact, seconds by arithmetic: calendar functions row by row cost more than
-- all else that a load does.
with broken as materialized (
  select 'fact_listen' as fact, 'time_key' as key_column, time_key as key, ts as first_ts, ts as last_ts
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz
    and time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
  union all
  select 'fact_listen', 'date_key', date_key, first_ts, last_ts
  from (
    select date_key, min(ts) as first_ts, max(ts) as last_ts
    from warehouse.fact_listen
    where ts >= $1::timestamptz and ts < $2::timestamptz
    group by date_key
  ) as days
  left join warehouse.dim_date as d using (date_key)
  where d.date_key is null
    or (first_ts at time zone 'UTC')::date <> d.date
    or (last_ts at time zone 'UTC')::date <> d.date
  union all
  select 'fact_auth' as fact, 'time_key' as key_column, time_key as key, ts as first_ts, ts as last_ts
  from warehouse.fact_auth
  where ts >= $1::timestamptz and ts < $2::timestamptz
    and time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
  union all
  select 'fact_auth', 'date_key', date_key, first_ts, last_ts
  from (
    select date_key, min(ts) as first_ts, max(ts) as last_ts
    from warehouse.fact_auth
    where ts >= $1::timestamptz and ts < $2::timestamptz
    group by date_key
  ) as days
  left join warehouse.dim_date as d using (date_key)
  where d.date_key is null
    or (first_ts at time zone 'UTC')::date <> d.date
    or (last_ts at time zone 'UTC')::date <> d.date
  union all
  select 'fact_page_view' as fact, 'time_key' as key_column, time_key as key, ts as first_ts, ts as last_ts
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
    and time_key is distinct from floor(date_part('epoch', ts))::bigint % 86400
  union all
  select 'fact_page_view', 'date_key', date_key, first_ts, last_ts
  from (
    select date_key, min(ts) as first_ts, max(ts) as last_ts
    from warehouse.fact_page_view
    where ts >= $1::timestamptz and ts < $2::timestamptz
    group by date_key
  ) as days
  left join warehouse.dim_date as d using (date_key)
  where d.date_key is null
    or (first_ts at time zone 'UTC')::date <> d.date
    or (last_ts at time zone 'UTC')::date <> d.date
  union all
  select 'dim_time', 'time_key', expected, null, null
  from generate_series(0, 86399) as expected
  where $1::timestamptz < $2::timestamptz
    and not exists (select from warehouse.dim_time where time_key = expected)
)
select fact, key_column, key, first_ts, last_ts from broken
