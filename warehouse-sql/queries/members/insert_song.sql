-- With what the catalogue knows of them already. Of several track ids that events give with a song it has the least, so
-- that it is the same in whatever order events are loaded; a song that has it already is left out, as on conflict alone
-- would wait for a transaction that is changing the song. What another id says of the song comes with the next load. Where
-- events have neither artist nor title, these are the catalogue's.
with new as materialized (
  -- First, as the catalogue is asked of each of them, and the day after most songs are there.
  select *
  from (
    select distinct on (song_key)
      song_key, artist, title, duration, event_track_id, artist is null and title is null as track_alone
    from pg_temp.new_song
    order by song_key, event_track_id
  ) as n
  where not exists (
    select
    from warehouse.dim_song as there
    where there.song_key = n.song_key
      and (n.event_track_id is null or there.event_track_id <= n.event_track_id))
)
insert into warehouse.dim_song as d (
  song_key, artist, title, duration, event_track_id, track_alone, track_id, genre, album, popularity, explicit,
  danceability, energy, key, loudness, mode, speechiness, acousticness, instrumentalness, liveness, valence, tempo,
  time_signature
)
select
  n.song_key, case when n.track_alone then c.artists[1] else n.artist end,
  case when n.track_alone then c.title else n.title end, case when n.track_alone then c.duration else n.duration end,
  n.event_track_id, n.track_alone, c.track_id, c.genre, c.album, c.popularity, c.explicit,
  c.danceability, c.energy, c.key, c.loudness, c.mode, c.speechiness, c.acousticness, c.instrumentalness, c.liveness,
  c.valence, c.tempo, c.time_signature
from new as n
cross join lateral warehouse.track_of(n.event_track_id, n.artist, n.title, n.duration) as m
left join warehouse.catalogue_song as c on c.track_id = m.track_id
order by n.song_key
on conflict (song_key) do update
set event_track_id = excluded.event_track_id
where d.event_track_id is null and excluded.event_track_id is not null
  or excluded.event_track_id < d.event_track_id
