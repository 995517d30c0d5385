-- Gives songs what the catalogue says of them: those that these tracks ($1) are or were taken for; null looks at all. Rows that
-- somebody else is changing are left to the next time, and counted. A song that events name by its track id alone gets its name
-- as well.
with touched as materialized (
  select d.song_key, m.track_id
  from warehouse.dim_song as d
  cross join lateral warehouse.track_of(d.event_track_id, d.artist, d.title, d.duration) as m
  where d.song_key <> 0
    and (
      $1::text[] is null
      or d.track_id = any ($1::text[])
      or d.event_track_id = any ($1::text[])
      or layers.label(d.title) in (
        select layers.label(title) from warehouse.catalogue_song where track_id = any ($1::text[])
      )
    )
),
lacking as materialized (
  select d.song_key, t.track_id
  from warehouse.dim_song as d
  join touched as t using (song_key)
  left join warehouse.catalogue_song as c on c.track_id = t.track_id
  where row(
      d.track_id, d.genre, d.album, d.popularity, d.explicit, d.danceability, d.energy, d.key, d.loudness, d.mode,
      d.speechiness, d.acousticness, d.instrumentalness, d.liveness, d.valence, d.tempo, d.time_signature
    ) is distinct from row(
      c.track_id, c.genre, c.album, c.popularity, c.explicit, c.danceability, c.energy, c.key, c.loudness, c.mode,
      c.speechiness, c.acousticness, c.instrumentalness, c.liveness, c.valence, c.tempo, c.time_signature
    )
    or d.track_alone
    and row(d.artist, d.title, d.duration) is distinct from row(c.artists[1], c.title, c.duration)
),
due as (
  select d.song_key, l.track_id
  from warehouse.dim_song as d
  join lacking as l using (song_key)
  order by d.song_key
  for update of d skip locked
),
filled as (
  update warehouse.dim_song as d
  set
    artist = case when d.track_alone then c.artists[1] else d.artist end,
    title = case when d.track_alone then c.title else d.title end,
    duration = case when d.track_alone then c.duration else d.duration end,
    track_id = c.track_id, genre = c.genre, album = c.album, popularity = c.popularity, explicit = c.explicit,
    danceability = c.danceability, energy = c.energy, key = c.key, loudness = c.loudness, mode = c.mode,
    speechiness = c.speechiness, acousticness = c.acousticness, instrumentalness = c.instrumentalness,
    liveness = c.liveness, valence = c.valence, tempo = c.tempo, time_signature = c.time_signature
  from due
  left join warehouse.catalogue_song as c on c.track_id = due.track_id
  where d.song_key = due.song_key
  returning d.song_key
),
noted as (
  update warehouse.catalogue_fill set fills = fills + 1 where exists (select from filled)
)
select (select count(*) from lacking) - (select count(*) from due) as left_out
