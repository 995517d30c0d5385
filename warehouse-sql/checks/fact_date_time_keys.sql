-- severity: error
-- date_key and time_key of a fact are the day and the second of the day (UTC) of its ts.
-- In seconds since 1970, which costs a fraction of what calendar functions do.
with days as materialized (
  select date_key, (date - date '1970-01-01')::bigint * 86400 as midnight from warehouse.dim_date
),
facts as (
  select 'fact_listen' as fact, ts, session_id, item_in_session, date_key, time_key
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz
  union all
  select 'fact_auth' as fact, ts, session_id, item_in_session, date_key, time_key
  from warehouse.fact_auth
  where ts >= $1::timestamptz and ts < $2::timestamptz
  union all
  select 'fact_page_view' as fact, ts, session_id, item_in_session, date_key, time_key
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
)
select fact, ts, session_id, item_in_session, date_key, time_key
from facts
left join days using (date_key)
where time_key not between 0 and 86399
  or floor(date_part('epoch', ts))::bigint is distinct from midnight + time_key
