-- Takes over records that are later than those that are there, of each key the last one. The key's partition is always the same
-- one, but for a topic that has got more partitions. A record that says once more what is there changes nothing: a catalogue that is
-- imported again would be looked at whole.
insert into warehouse.catalogue_song as t
select distinct on (track_id) * from pg_temp.new_catalogue_song
order by track_id, partition desc, record_offset desc
on conflict (track_id) do update
set
  artists = excluded.artists, title = excluded.title, album = excluded.album, genre = excluded.genre,
  duration = excluded.duration, popularity = excluded.popularity, explicit = excluded.explicit,
  danceability = excluded.danceability, energy = excluded.energy, key = excluded.key, loudness = excluded.loudness,
  mode = excluded.mode, speechiness = excluded.speechiness, acousticness = excluded.acousticness,
  instrumentalness = excluded.instrumentalness, liveness = excluded.liveness, valence = excluded.valence,
  tempo = excluded.tempo, time_signature = excluded.time_signature, partition = excluded.partition,
  record_offset = excluded.record_offset
where (excluded.partition <> t.partition or excluded.record_offset > t.record_offset)
  and row(
    t.artists, t.title, t.album, t.genre, t.duration, t.popularity, t.explicit, t.danceability, t.energy, t.key,
    t.loudness, t.mode, t.speechiness, t.acousticness, t.instrumentalness, t.liveness, t.valence, t.tempo,
    t.time_signature
  ) is distinct from row(
    excluded.artists, excluded.title, excluded.album, excluded.genre, excluded.duration, excluded.popularity,
    excluded.explicit, excluded.danceability, excluded.energy, excluded.key, excluded.loudness, excluded.mode,
    excluded.speechiness, excluded.acousticness, excluded.instrumentalness, excluded.liveness, excluded.valence,
    excluded.tempo, excluded.time_signature
  )
