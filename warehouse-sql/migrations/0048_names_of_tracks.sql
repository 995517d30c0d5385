-- A song that events name by its track id alone is called what the catalogue calls it. Its key stays. As its name may come to be
-- known, or change, at any time, days and running totals have it under its key in place of a label made of its name: lists find
-- the name when they are asked for, and what is stored never has to follow (docs/decisions/0031).

alter table warehouse.dim_song add column track_alone boolean not null default false;
comment on column warehouse.dim_song.track_alone is 'whether events name the song by its track id alone: artist, title and duration are then those of the catalogue, null until it knows the song';
comment on column warehouse.dim_song.artist is 'as events have it; of a song that they name by its track id alone the catalogue''s first artist';
comment on column warehouse.dim_song.title is 'as events have it; of a song that they name by its track id alone the catalogue''s title';
comment on column warehouse.dim_song.duration is 'seconds; of a song that events name by its track id alone those of the catalogue';

update warehouse.dim_song
set track_alone = true
where artist is null and title is null and song_key <> 0;
update warehouse.dim_song as d
set artist = c.artists[1], title = c.title, duration = c.duration
from warehouse.catalogue_song as c
where d.track_alone and c.track_id = d.event_track_id;
create index dim_song_track_alone on warehouse.dim_song (layers.label(artist)) where track_alone;

create or replace view layers.dim_song as
select
  song_key, artist, title, duration, genre, album, popularity, explicit, danceability, energy, key, loudness, mode,
  speechiness, acousticness, instrumentalness, liveness, valence, tempo, time_signature, track_id, event_track_id,
  track_alone
from warehouse.dim_song
where song_key <> 0;

comment on column batch.quarter_song.label is 'layers.label(title, artist) of the member; of a song that events name by its track id alone its song_key';
comment on column batch.day_artist.label is 'layers.label of the artist''s name; of a song that events name by its track id alone, which has rows of its own, its song_key';
comment on column batch.day_artist.song_key is 'one of the artist''s songs, or the song that the row is of: its row in dim_song has the name';
comment on column batch.quarter_artist.label is 'layers.label of the artist''s name; of a song that events name by its track id alone, which has rows of its own, its song_key';
comment on column batch.quarter_artist.song_key is 'one of the artist''s songs, or the song that the row is of: its row in dim_song has the name';

-- They were among the songs without an artist.
do $$
declare
  build text;
begin
  if not exists (select from warehouse.dim_song where track_alone) then
    return;
  end if;
  for build in
    select substring(inhrelid::regclass::text from '_b([0-9]+)$')
    from pg_inherits
    where inhparent = 'builds.day_song'::regclass
  loop
    execute format(
      'update parts.quarter_song_b%1$s as t
       set label = t.song_key
       from warehouse.dim_song as d
       where d.song_key = t.song_key and d.track_alone;
       delete from parts.day_artist_b%1$s where label = layers.label(null::text);
       insert into parts.day_artist_b%1$s (
         day, label, song_key, build, load_run_id, listens, listened_ms, completed, skipped, partial, thumbs_up,
         thumbs_down, playlist_adds, shares, friends_added, adverts, listeners
       )
       select
         day, case when d.track_alone then song_key else layers.label(null::text) end, min(song_key), %1$s,
         max(load_run_id), nullif(sum(listens), 0),
         nullif(sum(listened_ms), 0), nullif(sum(completed), 0), nullif(sum(skipped), 0), nullif(sum(partial), 0),
         nullif(sum(thumbs_up), 0), nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
         nullif(sum(friends_added), 0), nullif(sum(adverts), 0), hll_union_agg(listeners)
       from parts.day_song_b%1$s
       left join layers.dim_song as d using (song_key)
       where d.track_alone or d.artist is null
       group by 1, 2
       order by 1, 2;
       delete from parts.quarter_artist_b%1$s where label = layers.label(null::text);
       insert into parts.quarter_artist_b%1$s (quarter, label, song_key, build, load_run_id, listens)
       select
         layers.quarter_of(day), label, min(song_key), %1$s, max(load_run_id),
         layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens))
       from parts.day_artist_b%1$s
       where listens > 0 and (label = layers.label(null::text) or label = song_key)
       group by 1, 2
       order by 1, 2', build);
  end loop;
end
$$;

-- Answers are kept as long as nothing changes. That names, genres or countries have been filled in is a change.

create table warehouse.catalogue_fill (
  fills bigint not null
);
comment on table warehouse.catalogue_fill is 'One row: how often members that were there already got something from the catalogue.';
comment on column warehouse.catalogue_fill.fills is 'grows with each time';
insert into warehouse.catalogue_fill (fills) values (0);
