-- With what the catalogue knows of them already.
insert into warehouse.dim_song (
  song_key, artist, title, duration, track_id, genre, album, popularity, explicit, danceability, energy, key, loudness,
  mode, speechiness, acousticness, instrumentalness, liveness, valence, tempo, time_signature
)
select
  n.song_key, n.artist, n.title, n.duration, c.track_id, c.genre, c.album, c.popularity, c.explicit, c.danceability,
  c.energy, c.key, c.loudness, c.mode, c.speechiness, c.acousticness, c.instrumentalness, c.liveness, c.valence, c.tempo,
  c.time_signature
from (select distinct on (song_key) song_key, artist, title, duration from pg_temp.new_song order by song_key) as n
left join warehouse.catalogue_song as c on c.track_id = warehouse.track_of(n.artist, n.title, n.duration)
order by n.song_key
on conflict do nothing
