-- severity: error
-- Each key of a rollup's days is a member of its dimension; a missing member is the unknown one, key 0.
-- on: full load
select 'user_key' as key_column, user_key as missing
from batch.day_user as used
where day >= layers.day_of($1::timestamptz) and layers.day_end(day - 1) < $2::timestamptz
  and not exists (select from warehouse.dim_user as d where d.user_key = used.user_key)
union
select 'song_key', song_key
from batch.day_song as used
where day >= layers.day_of($1::timestamptz) and layers.day_end(day - 1) < $2::timestamptz
  and not exists (select from warehouse.dim_song as d where d.song_key = used.song_key)
union
select 'location_key', location_key
from batch.day_location as used
where day >= layers.day_of($1::timestamptz) and layers.day_end(day - 1) < $2::timestamptz
  and not exists (select from warehouse.dim_location as d where d.location_key = used.location_key)
union
select 'device_key', device_key
from batch.day_device as used
where day >= layers.day_of($1::timestamptz) and layers.day_end(day - 1) < $2::timestamptz
  and not exists (select from warehouse.dim_device as d where d.device_key = used.device_key)
