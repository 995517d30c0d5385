-- severity: error
-- Each key of fact_listen is a member of its dimension; a missing member is the unknown one, key 0.
-- Materialized, so that the reader's limit does not talk the planner into looking up row by row.
with orphans as materialized (
  select
    f.ts, f.session_id, f.item_in_session,
    case when d.date_key is null then f.date_key end as missing_date_key,
    case when t.time_key is null then f.time_key end as missing_time_key,
    case when u.user_key is null then f.user_key end as missing_user_key,
    case when l.location_key is null then f.location_key end as missing_location_key,
    case when v.device_key is null then f.device_key end as missing_device_key,
    case when s.song_key is null then f.song_key end as missing_song_key
  from warehouse.fact_listen as f
  left join warehouse.dim_date as d using (date_key)
  left join warehouse.dim_time as t using (time_key)
  left join warehouse.dim_user as u using (user_key)
  left join warehouse.dim_location as l using (location_key)
  left join warehouse.dim_device as v using (device_key)
  left join warehouse.dim_song as s using (song_key)
  where f.ts >= $1::timestamptz and f.ts < $2::timestamptz
    and (
      d.date_key is null
      or t.time_key is null
      or u.user_key is null
      or l.location_key is null
      or v.device_key is null
      or s.song_key is null
    )
)
select * from orphans
