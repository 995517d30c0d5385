-- What the topics songs and users say: the latest record of each song and user. Dimensions take from it what events do not
-- tell (docs/decisions/0020).

create table warehouse.catalogue_song (
  track_id         text primary key,
  artists          text[] not null,
  title            text   not null,
  album            text,
  genre            text,
  duration         double precision,
  popularity       integer,
  explicit         boolean,
  danceability     real,
  energy           real,
  key              integer,
  loudness         real,
  mode             integer,
  speechiness      real,
  acousticness     real,
  instrumentalness real,
  liveness         real,
  valence          real,
  tempo            real,
  time_signature   integer,
  partition        integer not null,
  record_offset    bigint  not null
);
comment on table warehouse.catalogue_song is 'The latest record of each song in the topic songs, whether the song was played or not.';
comment on column warehouse.catalogue_song.track_id is 'the record''s key';
comment on column warehouse.catalogue_song.artists is 'the names, the first artist first';
comment on column warehouse.catalogue_song.title is 'as listens have it under song';
comment on column warehouse.catalogue_song.album is 'name of the album';
comment on column warehouse.catalogue_song.genre is 'name of the genre';
comment on column warehouse.catalogue_song.duration is 'seconds';
comment on column warehouse.catalogue_song.popularity is 'the more popular, the higher: 0 to 100';
comment on column warehouse.catalogue_song.explicit is 'whether the song is marked as explicit';
comment on column warehouse.catalogue_song.danceability is 'how well one can dance to it: 0 to 1';
comment on column warehouse.catalogue_song.energy is 'intensity: 0 to 1';
comment on column warehouse.catalogue_song.key is 'pitch class of the tonic: 0 = C to 11 = B, -1 unknown';
comment on column warehouse.catalogue_song.loudness is 'decibels below full scale, on average';
comment on column warehouse.catalogue_song.mode is '1 = major, 0 = minor';
comment on column warehouse.catalogue_song.speechiness is 'share of spoken words: 0 to 1';
comment on column warehouse.catalogue_song.acousticness is 'confidence that it is acoustic: 0 to 1';
comment on column warehouse.catalogue_song.instrumentalness is 'confidence that nobody sings: 0 to 1';
comment on column warehouse.catalogue_song.liveness is 'confidence that an audience is there: 0 to 1';
comment on column warehouse.catalogue_song.valence is 'from sad or angry, 0, to happy, 1';
comment on column warehouse.catalogue_song.tempo is 'beats a minute';
comment on column warehouse.catalogue_song.time_signature is 'beats in a bar';
comment on column warehouse.catalogue_song.partition is 'where the record is in the topic';
comment on column warehouse.catalogue_song.record_offset is 'where the record is in the partition';
create index catalogue_song_title on warehouse.catalogue_song (layers.label(title));

create table warehouse.catalogue_user (
  user_id       bigint primary key,
  first_name    text,
  last_name     text,
  gender        text,
  age           integer,
  country       text,
  registration  timestamptz,
  partition     integer not null,
  record_offset bigint  not null
);
comment on table warehouse.catalogue_user is 'The latest record of each user in the topic users, whether the user was seen or not.';
comment on column warehouse.catalogue_user.user_id is 'the record''s key, as events have it';
comment on column warehouse.catalogue_user.first_name is 'as the record has it';
comment on column warehouse.catalogue_user.last_name is 'as the record has it';
comment on column warehouse.catalogue_user.gender is 'as the record has it';
comment on column warehouse.catalogue_user.age is 'years';
comment on column warehouse.catalogue_user.country is 'where the user is at home: ISO 3166-1 alpha-2, or a name';
comment on column warehouse.catalogue_user.registration is 'when the account was made';
comment on column warehouse.catalogue_user.partition is 'where the record is in the topic';
comment on column warehouse.catalogue_user.record_offset is 'where the record is in the partition';

create table warehouse.catalogue_progress (
  topic       text    not null,
  partition   integer not null,
  next_offset bigint  not null,
  primary key (topic, partition)
);
comment on table warehouse.catalogue_progress is 'How far the topics songs and users are read, by whichever layer.';
comment on column warehouse.catalogue_progress.topic is 'songs or users';
comment on column warehouse.catalogue_progress.partition is 'number of the partition';
comment on column warehouse.catalogue_progress.next_offset is 'the first offset that is not read';

create function warehouse.track_of(artist text, title text, duration double precision) returns text
language sql stable parallel safe
as $$
  select case when count(*) = 1 or min(apart) <= 1 then (array_agg(track_id order by apart, track_id))[1] end
  from (
    select c.track_id, abs(c.duration - $3) as apart
    from warehouse.catalogue_song as c
    where layers.label(c.title) = layers.label($2)
      and c.title = $2
      and $1 in (c.artists[1], array_to_string(c.artists, ';'), array_to_string(c.artists, ', '))
  ) as candidate
$$;
comment on function warehouse.track_of is 'The track id of the song in the catalogue that a recording is: the one of this title and artist; where several are, the one nearest in duration, which must be within a second. An artist may be the first one, or all of them with semicolons or commas between.';

alter table warehouse.dim_song add column track_id text;
comment on column warehouse.dim_song.track_id is 'the catalogue''s song (warehouse.catalogue_song), from which genre and the columns after it are; null where it knows none';
create index dim_song_title on warehouse.dim_song (layers.label(title));
create index dim_song_track_id on warehouse.dim_song (track_id);

alter table warehouse.dim_user add column age integer, add column country text;
comment on column warehouse.dim_user.age is 'years, where the catalogue says so';
comment on column warehouse.dim_user.country is 'where the user is at home, where the catalogue says so';

-- Who plays in a song. Names are what they are told apart by, so that these views can never be behind.

create view warehouse.song_artist as
select
  s.song_key, layers.label(a.name) as artist_key, a.position::integer as position,
  1.0 / cardinality(coalesce(c.artists, array[s.artist])) as share
from warehouse.dim_song as s
left join warehouse.catalogue_song as c using (track_id)
cross join unnest(coalesce(c.artists, array[s.artist])) with ordinality as a(name, position)
where a.name is not null;
comment on view warehouse.song_artist is 'Bridge from songs to their artists. Weighted by share, plays of all artists add up to those of the songs.';
comment on column warehouse.song_artist.song_key is 'the song in dim_song';
comment on column warehouse.song_artist.artist_key is 'the artist in dim_artist';
comment on column warehouse.song_artist.position is '1 for the first artist';
comment on column warehouse.song_artist.share is 'one by the number of the song''s artists';

create view warehouse.dim_artist as
select 0::bigint as artist_key, 'Unknown' as name
union all
select distinct layers.label(a.name), a.name
from warehouse.dim_song as s
left join warehouse.catalogue_song as c using (track_id)
cross join unnest(coalesce(c.artists, array[s.artist])) as a(name)
where a.name is not null;
comment on view warehouse.dim_artist is 'One row an artist; song_artist ties them to songs.';
comment on column warehouse.dim_artist.artist_key is 'hash of the name; 0 for unknown';
comment on column warehouse.dim_artist.name is 'the artist''s name';

create view warehouse.dim_album as
select 0::bigint as album_key, 'Unknown' as artist, 'Unknown' as name
union all
select distinct layers.label(album, artist), artist, album
from warehouse.dim_song
where album is not null;
comment on view warehouse.dim_album is 'One row an album; its key is layers.label(album, artist) of a song.';
comment on column warehouse.dim_album.album_key is 'hash of album and artist; 0 for unknown';
comment on column warehouse.dim_album.artist is 'as the songs have it';
comment on column warehouse.dim_album.name is 'the album''s name';

create view warehouse.dim_genre as
select 0::bigint as genre_key, 'Unknown' as name
union all
select distinct layers.label(genre), genre
from warehouse.dim_song
where genre is not null;
comment on view warehouse.dim_genre is 'One row a genre; its key is layers.label(genre) of a song.';
comment on column warehouse.dim_genre.genre_key is 'hash of the name; 0 for unknown';
comment on column warehouse.dim_genre.name is 'the genre''s name';
