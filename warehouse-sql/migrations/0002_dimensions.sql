-- Conformed dimensions. Surrogate keys are 64-bit hashes of the natural attributes (docs/keys.md),
-- so both layers write the same keys without asking anyone. Key 0 is the unknown member.

create table warehouse.dim_date (
  date_key    integer  primary key,
  date        date     not null unique,
  day         smallint not null,
  day_of_week smallint not null,
  day_name    text     not null,
  week        smallint not null,
  month       smallint not null,
  month_name  text     not null,
  quarter     smallint not null,
  year        smallint not null,
  is_weekend  boolean  not null
);
comment on table warehouse.dim_date is 'One row a day (UTC), 2000-01-01 to 2099-12-31.';
comment on column warehouse.dim_date.date_key is 'yyyymmdd';
comment on column warehouse.dim_date.day_of_week is 'ISO 8601: 1 is Monday, 7 is Sunday';
comment on column warehouse.dim_date.week is 'ISO 8601 week number';

insert into warehouse.dim_date
select
  to_char(d, 'YYYYMMDD')::integer,
  d::date,
  extract(day from d),
  extract(isodow from d),
  trim(to_char(d, 'Day')),
  extract(week from d),
  extract(month from d),
  trim(to_char(d, 'Month')),
  extract(quarter from d),
  extract(year from d),
  extract(isodow from d) >= 6
from generate_series(timestamp '2000-01-01', timestamp '2099-12-31', interval '1 day') as d;

create table warehouse.dim_time (
  time_key      integer  primary key,
  hour          smallint not null,
  minute        smallint not null,
  second        smallint not null,
  minute_of_day smallint not null,
  part_of_day   text     not null
);
comment on table warehouse.dim_time is 'One row a second of the day (UTC).';
comment on column warehouse.dim_time.time_key is 'second of the day, 0 to 86399';
comment on column warehouse.dim_time.part_of_day is 'night before 6, morning before 12, afternoon before 18, evening after';

insert into warehouse.dim_time
select
  s,
  s / 3600,
  s / 60 % 60,
  s % 60,
  s / 60,
  (array['night', 'morning', 'afternoon', 'evening'])[s / 21600 + 1]
from generate_series(0, 86399) as s;

create table warehouse.dim_user (
  user_key     bigint primary key,
  user_id      bigint,
  first_name   text,
  last_name    text,
  gender       text,
  level        text,
  registration timestamptz,
  first_seen   timestamptz,
  last_seen    timestamptz,
  is_current   boolean not null default false
);
comment on table warehouse.dim_user is 'Type 2: one row for each state that a user has been in; a fact points at the state that its event shows.';
comment on column warehouse.dim_user.user_key is 'hash of user_id, first_name, last_name, gender, level and registration; 0 for guests';
comment on column warehouse.dim_user.first_seen is 'first loaded event in this state; null until a load has published one';
comment on column warehouse.dim_user.last_seen is 'last loaded event in this state; null until a load has published one';
comment on column warehouse.dim_user.is_current is 'the state of the user''s last loaded event';
create index dim_user_user_id on warehouse.dim_user (user_id);
insert into warehouse.dim_user (user_key, is_current) values (0, true);

create table warehouse.user_level_history (
  user_id    bigint      not null,
  level      text        not null,
  valid_from timestamptz not null,
  valid_to   timestamptz,
  primary key (user_id, valid_from)
);
comment on table warehouse.user_level_history is 'The intervals in which each user was on each plan.';
comment on column warehouse.user_level_history.valid_from is 'first event on the plan';
comment on column warehouse.user_level_history.valid_to is 'first event on the next plan (exclusive); null for the present one';

create table warehouse.dim_song (
  song_key         bigint primary key,
  artist           text,
  title            text,
  duration         double precision,
  genre            text,
  album            text,
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
  time_signature   integer
);
comment on table warehouse.dim_song is 'One row a recording. What lies beyond artist, title and duration is known where a catalogue knows the song.';
comment on column warehouse.dim_song.song_key is 'hash of artist, title and duration; 0 for unknown';
comment on column warehouse.dim_song.duration is 'seconds';
insert into warehouse.dim_song (song_key) values (0);

create table warehouse.dim_location (
  location_key bigint primary key,
  country      text,
  state        text,
  city         text,
  zip          text,
  lon          double precision,
  lat          double precision,
  region       text
);
comment on table warehouse.dim_location is 'One row a place.';
comment on column warehouse.dim_location.location_key is 'hash of country, state, city and zip; 0 for unknown';
comment on column warehouse.dim_location.country is 'ISO 3166-1 alpha-2';
comment on column warehouse.dim_location.region is 'in the United States the Census Bureau''s region; else null';
insert into warehouse.dim_location (location_key) values (0);

create table warehouse.dim_device (
  device_key  bigint primary key,
  user_agent  text,
  device_type text,
  os          text,
  browser     text
);
comment on table warehouse.dim_device is 'One row a user agent.';
comment on column warehouse.dim_device.device_key is 'hash of the user agent; 0 for unknown';
insert into warehouse.dim_device (device_key) values (0);
