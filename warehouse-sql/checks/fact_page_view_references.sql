-- severity: error
-- Each key of fact_page_view is a member of its dimension; a missing member is the unknown one, key 0.
-- date_key and time_key have a check of their own. A user's events come from few places and devices, so that their
-- combinations are few, and are made distinct before they are looked up. A load of more than a million events looks at one
-- session in sixteen, at each load at other ones; rollup_references looks at the keys that all events were counted by.
-- The keys of page views that plays stand for are those of the plays.
with people as materialized (
  select distinct user_key, location_key, device_key
  from layers.own_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz and {sample}
),
songs as materialized (
  select distinct song_key, credited_song_key
  from layers.own_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz and {sample}
),
orphans as materialized (
  select 'user_key' as key_column, user_key as missing
  from people as used
  where not exists (select from warehouse.dim_user as d where d.user_key = used.user_key)
  union
  select 'location_key' as key_column, location_key as missing
  from people as used
  where not exists (select from warehouse.dim_location as d where d.location_key = used.location_key)
  union
  select 'device_key' as key_column, device_key as missing
  from people as used
  where not exists (select from warehouse.dim_device as d where d.device_key = used.device_key)
  union
  select 'song_key' as key_column, song_key as missing
  from songs as used
  where not exists (select from warehouse.dim_song as d where d.song_key = used.song_key)
  union
  select 'credited_song_key' as key_column, credited_song_key as missing
  from songs as used
  where credited_song_key is not null
    and not exists (select from warehouse.dim_song as d where d.song_key = used.credited_song_key)
)
select key_column, missing from orphans
