insert into warehouse.dim_song (song_key, artist, title, duration)
select distinct on (song_key) song_key, artist, title, duration
from pg_temp.new_song as n
-- A row that is there may be under way to another state, which a load brings it to as it publishes: on
-- conflict alone would wait for that.
where not exists (select from warehouse.dim_song as d where d.song_key = n.song_key)
order by song_key
on conflict do nothing
