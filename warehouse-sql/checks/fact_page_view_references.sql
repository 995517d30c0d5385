-- severity: error
-- Each key of fact_page_view is a member of its dimension; a missing member is the unknown one, key 0.
-- date_key and time_key have a check of their own. The other keys are few, so they are made distinct before they
-- are looked up. The orphans are materialized, as otherwise the limit that is put around this query leads the
-- planner to look up one fact after the other.
with orphans as materialized (
  select 'user_key' as key_column, user_key as missing
  from (
    select distinct user_key
    from warehouse.fact_page_view
    where ts >= $1::timestamptz and ts < $2::timestamptz
  ) as used
  where not exists (select from warehouse.dim_user as d where d.user_key = used.user_key)
  union all
  select 'location_key' as key_column, location_key as missing
  from (
    select distinct location_key
    from warehouse.fact_page_view
    where ts >= $1::timestamptz and ts < $2::timestamptz
  ) as used
  where not exists (select from warehouse.dim_location as d where d.location_key = used.location_key)
  union all
  select 'device_key' as key_column, device_key as missing
  from (
    select distinct device_key
    from warehouse.fact_page_view
    where ts >= $1::timestamptz and ts < $2::timestamptz
  ) as used
  where not exists (select from warehouse.dim_device as d where d.device_key = used.device_key)
  union all
  select 'song_key' as key_column, song_key as missing
  from (
    select distinct song_key
    from warehouse.fact_page_view
    where ts >= $1::timestamptz and ts < $2::timestamptz
  ) as used
  where not exists (select from warehouse.dim_song as d where d.song_key = used.song_key)
  union all
  select 'credited_song_key' as key_column, credited_song_key as missing
  from (
    select distinct credited_song_key
    from warehouse.fact_page_view
    where ts >= $1::timestamptz and ts < $2::timestamptz and credited_song_key is not null
  ) as used
  where not exists (
    select from warehouse.dim_song as d where d.song_key = used.credited_song_key
  )
)
select key_column, missing from orphans
