insert into warehouse.dim_song (song_key, artist, title, duration)
select distinct on (song_key) song_key, artist, title, duration
from pg_temp.new_song
order by song_key
on conflict do nothing
