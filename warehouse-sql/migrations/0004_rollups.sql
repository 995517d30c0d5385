-- Minute rollups (event time, UTC) of both layers. The columns are those of Metrics/Rollup.swift, which a
-- test compares with these tables. Every row is additive: counters by sum, sketches by union.
-- Sketches are HyperLogLog in postgresql-hll's storage, log2m 12, regwidth 5; null when empty. A counter
-- that is 0 is null too, which takes no room: most counters of most rows. The views in serving say 0.

-- Speed: appended a flush, summed by readers; one partition an epoch, dropped when its epoch is loaded.

create table speed.minute_totals (
  epoch         integer not null,
  minute        timestamptz not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  listeners     hll,
  active_users  hll,
  sessions      hll,
  songs         hll
) partition by list (epoch);
comment on table speed.minute_totals is 'Everything, by minute. Deltas of the epochs since the last cut.';

create table speed.minute_song (
  epoch         integer not null,
  minute        timestamptz not null,
  song_key      bigint not null,
  listens       integer,
  listened_ms   bigint,
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
) partition by list (epoch);
comment on table speed.minute_song is 'By song. Deltas of the epochs since the last cut.';

create table speed.minute_user (
  epoch         integer not null,
  minute        timestamptz not null,
  user_key      bigint not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  sessions      hll,
  songs         hll
) partition by list (epoch);
comment on table speed.minute_user is 'By state of a user. Deltas of the epochs since the last cut.';

create table speed.minute_location (
  epoch         integer not null,
  minute        timestamptz not null,
  location_key  bigint not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  listeners     hll,
  active_users  hll,
  sessions      hll,
  songs         hll
) partition by list (epoch);
comment on table speed.minute_location is 'By place. Deltas of the epochs since the last cut.';

create table speed.minute_device (
  epoch         integer not null,
  minute        timestamptz not null,
  device_key    bigint not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  listeners     hll,
  active_users  hll,
  sessions      hll,
  songs         hll
) partition by list (epoch);
comment on table speed.minute_device is 'By user agent. Deltas of the epochs since the last cut.';

create table speed.minute_audience (
  epoch         integer not null,
  minute        timestamptz not null,
  gender        text not null,
  level         text not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  listeners     hll,
  active_users  hll,
  sessions      hll,
  songs         hll
) partition by list (epoch);
comment on table speed.minute_audience is 'By gender and plan; ''unknown'' where an event shows none. Deltas of the epochs since the last cut.';

create table speed.minute_page (
  epoch        integer not null,
  minute       timestamptz not null,
  page         text not null,
  method       text not null,
  status       integer not null,
  auth         text not null,
  level        text not null,
  page_views   integer,
  errors       integer,
  active_users hll,
  sessions     hll
) partition by list (epoch);
comment on table speed.minute_page is 'Page views by what was requested; '''' and 0 where an event does not say. Deltas of the epochs since the last cut.';

-- Batch: one row a key. A single partition holds all; a full load swaps it for its own.

create table batch.minute_totals (
  minute        timestamptz not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  listeners     hll,
  active_users  hll,
  sessions      hll,
  songs         hll,
  primary key (minute)
) partition by range (minute);
comment on table batch.minute_totals is 'Everything, by minute. As of the last published load.';
create table parts.batch_minute_totals_g0 partition of batch.minute_totals for values from (minvalue) to (maxvalue);

create table batch.minute_song (
  minute        timestamptz not null,
  song_key      bigint not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  listeners     hll,
  primary key (minute, song_key)
) partition by range (minute);
comment on table batch.minute_song is 'By song. As of the last published load.';
create table parts.batch_minute_song_g0 partition of batch.minute_song for values from (minvalue) to (maxvalue);

create table batch.minute_user (
  minute        timestamptz not null,
  user_key      bigint not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  sessions      hll,
  songs         hll,
  primary key (minute, user_key)
) partition by range (minute);
comment on table batch.minute_user is 'By state of a user. As of the last published load.';
create table parts.batch_minute_user_g0 partition of batch.minute_user for values from (minvalue) to (maxvalue);

create table batch.minute_location (
  minute        timestamptz not null,
  location_key  bigint not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  listeners     hll,
  active_users  hll,
  sessions      hll,
  songs         hll,
  primary key (minute, location_key)
) partition by range (minute);
comment on table batch.minute_location is 'By place. As of the last published load.';
create table parts.batch_minute_location_g0 partition of batch.minute_location for values from (minvalue) to (maxvalue);

create table batch.minute_device (
  minute        timestamptz not null,
  device_key    bigint not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  listeners     hll,
  active_users  hll,
  sessions      hll,
  songs         hll,
  primary key (minute, device_key)
) partition by range (minute);
comment on table batch.minute_device is 'By user agent. As of the last published load.';
create table parts.batch_minute_device_g0 partition of batch.minute_device for values from (minvalue) to (maxvalue);

create table batch.minute_audience (
  minute        timestamptz not null,
  gender        text not null,
  level         text not null,
  listens       integer,
  listened_ms   bigint,
  completed     integer,
  skipped       integer,
  partial       integer,
  thumbs_up     integer,
  thumbs_down   integer,
  playlist_adds integer,
  shares        integer,
  friends_added integer,
  adverts       integer,
  page_views    integer,
  errors        integer,
  logins        integer,
  failed_logins integer,
  listeners     hll,
  active_users  hll,
  sessions      hll,
  songs         hll,
  primary key (minute, gender, level)
) partition by range (minute);
comment on table batch.minute_audience is 'By gender and plan; ''unknown'' where an event shows none. As of the last published load.';
create table parts.batch_minute_audience_g0 partition of batch.minute_audience for values from (minvalue) to (maxvalue);

create table batch.minute_page (
  minute       timestamptz not null,
  page         text not null,
  method       text not null,
  status       integer not null,
  auth         text not null,
  level        text not null,
  page_views   integer,
  errors       integer,
  active_users hll,
  sessions     hll,
  primary key (minute, page, method, status, auth, level)
) partition by range (minute);
comment on table batch.minute_page is 'Page views by what was requested; '''' and 0 where an event does not say. As of the last published load.';
create table parts.batch_minute_page_g0 partition of batch.minute_page for values from (minvalue) to (maxvalue);
