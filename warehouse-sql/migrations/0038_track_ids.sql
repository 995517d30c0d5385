-- Events may say which song of the catalogue they are about: then nothing has to be told by artist, title and length.

alter table warehouse.dim_song add column event_track_id text;
comment on column warehouse.dim_song.event_track_id is 'the track id that events give with the song, of several the least; null where none does';
comment on column warehouse.dim_song.song_key is 'hash of artist, title and duration, or of the track id where an event has neither artist nor title; 0 for unknown';
create index dim_song_event_track_id on warehouse.dim_song (event_track_id) where event_track_id is not null;

create function warehouse.track_of(event_track_id text, artist text, title text, duration double precision) returns text
language sql stable parallel safe
as $$
  select coalesce(
    (select c.track_id from warehouse.catalogue_song as c where c.track_id = $1),
    case when $3 is not null then warehouse.track_of($2, $3, $4) end)
$$;
comment on function warehouse.track_of(text, text, text, double precision) is 'The track id of the song in the catalogue that a recording is: the one that events name, where the catalogue has it; else the one of artist, title and duration.';

-- Groups of tests, as events tag them.

create table warehouse.user_tag (
  user_id bigint not null,
  tag     text   not null,
  primary key (user_id, tag)
);
comment on table warehouse.user_tag is 'The groups of tests that each user was in: one row for each tag that an event of the user had. Both layers.';
comment on column warehouse.user_tag.user_id is 'the user, as events have it';
comment on column warehouse.user_tag.tag is 'the event''s tag';
create index user_tag_tag on warehouse.user_tag (tag);
