-- The days of songs, and their running totals, added up by artist: an artist has some sixty songs, so that lists of artists
-- read a sixtieth of the rows (docs/decisions/0017).

create table builds.day_artist (
  label         bigint  not null,
  song_key      bigint  not null,
  listened_ms   bigint,
  day           date    not null,
  build         integer not null default 0,
  load_run_id   integer not null default 0,
  listens       integer,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  listeners     hll
) partition by list (build);
comment on table builds.day_artist is 'Songs by day, added up by artist. By build.';

create view batch.day_artist as
select
  day, label, song_key, load_run_id, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners
from builds.day_artist
where build = (select build from batch.published);
comment on view batch.day_artist is 'batch.day_song, added up by artist; one row for each day and artist.';
comment on column batch.day_artist.day is 'day of the event time, UTC';
comment on column batch.day_artist.label is 'layers.label of the artist''s name';
comment on column batch.day_artist.song_key is 'one of the artist''s songs: its row in dim_song has the name';
comment on column batch.day_artist.load_run_id is 'the load that wrote the row last (warehouse.load_run)';
comment on column batch.day_artist.listens is 'plays that started';
comment on column batch.day_artist.listened_ms is 'time listened, milliseconds, of plays that have ended';
comment on column batch.day_artist.completed is 'plays listened to for at least 90 % of the song';
comment on column batch.day_artist.skipped is 'plays left within 30 s for another song';
comment on column batch.day_artist.partial is 'other plays that have ended';
comment on column batch.day_artist.thumbs_up is 'likes of a song of the artist';
comment on column batch.day_artist.thumbs_down is 'dislikes';
comment on column batch.day_artist.playlist_adds is 'additions to a playlist';
comment on column batch.day_artist.shares is 'times that somebody passed a song on';
comment on column batch.day_artist.friends_added is 'friends added while a song was on';
comment on column batch.day_artist.adverts is 'adverts after a song';
comment on column batch.day_artist.listeners is 'distinct users with a listen: a sketch, # estimates it';

create table builds.quarter_artist (
  label       bigint    not null,
  song_key    bigint    not null,
  quarter     date      not null,
  build       integer   not null default 0,
  load_run_id integer   not null default 0,
  listens     integer[] not null
) partition by list (build);
comment on table builds.quarter_artist is 'Listens of each quarter by artist, as running totals. By build.';

create view batch.quarter_artist as
select quarter, label, song_key, load_run_id, listens
from builds.quarter_artist
where build = (select build from batch.published);
comment on view batch.quarter_artist is 'Listens of each quarter, as running totals; one row for each artist that was listened to.';
comment on column batch.quarter_artist.quarter is 'the first day of the quarter';
comment on column batch.quarter_artist.label is 'layers.label of the artist''s name';
comment on column batch.quarter_artist.song_key is 'one of the artist''s songs: its row in dim_song has the name';
comment on column batch.quarter_artist.load_run_id is 'the load that wrote the row last (warehouse.load_run)';
comment on column batch.quarter_artist.listens is 'element n: listens from the first day of the quarter up to its n-th day; from the first day with a listen to the last';

do $$
declare
  build text;
begin
  for build in
    select substring(inhrelid::regclass::text from '_b([0-9]+)$')
    from pg_inherits
    where inhparent = 'builds.day_song'::regclass
  loop
    execute format(
      'create table parts.day_artist_b%1$s (like builds.day_artist, constraint build_%1$s check (build = %1$s));
       create table parts.quarter_artist_b%1$s (like builds.quarter_artist, constraint build_%1$s check (build = %1$s));
       alter table parts.day_artist_b%1$s
         alter column build set default %1$s, alter column load_run_id set default 0;
       alter table parts.quarter_artist_b%1$s
         alter column build set default %1$s, alter column load_run_id set default 0;
       insert into parts.day_artist_b%1$s (
         day, label, song_key, build, load_run_id, listens, listened_ms, completed, skipped, partial, thumbs_up,
         thumbs_down, playlist_adds, shares, friends_added, adverts, listeners
       )
       select
         day, layers.label(artist), min(song_key), %1$s, max(load_run_id), nullif(sum(listens), 0),
         nullif(sum(listened_ms), 0), nullif(sum(completed), 0), nullif(sum(skipped), 0), nullif(sum(partial), 0),
         nullif(sum(thumbs_up), 0), nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
         nullif(sum(friends_added), 0), nullif(sum(adverts), 0), hll_union_agg(listeners)
       from parts.day_song_b%1$s
       left join warehouse.dim_song using (song_key)
       group by 1, 2
       order by 1, 2;
       insert into parts.quarter_artist_b%1$s (quarter, label, song_key, build, load_run_id, listens)
       select
         layers.quarter_of(day), label, min(song_key), %1$s, max(load_run_id),
         layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens))
       from parts.day_artist_b%1$s
       where listens > 0
       group by 1, 2
       order by 1, 2;
       alter table parts.day_artist_b%1$s add primary key (day, label);
       alter table parts.quarter_artist_b%1$s add primary key (quarter, label);
       alter table builds.day_artist attach partition parts.day_artist_b%1$s for values in (%1$s);
       alter table builds.quarter_artist attach partition parts.quarter_artist_b%1$s for values in (%1$s)', build);
  end loop;
end
$$;
