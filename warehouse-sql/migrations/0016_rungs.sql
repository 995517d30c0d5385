-- Rungs: rollups by the hour and by the day, beside those by the minute. Hours and days are kept for all time; minutes
-- of all rollups but the totals from batch.published.minutes_from on. Minutes are for watching, hours and days for asking.

-- No load publishes while what is loaded is added up; readers go on.
lock table batch.published in share mode;

-- Which minute, hour or day (UTC) a minute is in, and when these end.

create function layers.minute_of(minute timestamptz) returns timestamptz
  language sql immutable parallel safe
  return minute;
create function layers.hour_of(minute timestamptz) returns timestamptz
  language sql immutable parallel safe
  return date_bin('1 hour', minute, 'epoch');
create function layers.day_of(minute timestamptz) returns date
  language sql immutable parallel safe
  return (minute at time zone 'UTC')::date;

create function layers.minute_end(minute timestamptz) returns timestamptz
  language sql immutable parallel safe
  return minute + interval '1 minute';
create function layers.hour_end(hour timestamptz) returns timestamptz
  language sql immutable parallel safe
  return hour + interval '1 hour';
create function layers.day_end(day date) returns timestamptz
  language sql immutable parallel safe
  return (day + 1)::timestamp at time zone 'UTC';

create table batch.hour_totals (
  hour          timestamptz not null,
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
  primary key (hour)
) partition by range (hour);
comment on table batch.hour_totals is 'Everything, by hour. As of the last published load.';
create table parts.batch_hour_totals_g0 partition of batch.hour_totals for values from (minvalue) to (maxvalue);

create table batch.hour_song (
  hour          timestamptz not null,
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
  primary key (hour, song_key)
) partition by range (hour);
comment on table batch.hour_song is 'By song, by hour. As of the last published load.';
create table parts.batch_hour_song_g0 partition of batch.hour_song for values from (minvalue) to (maxvalue);

create table batch.hour_user (
  hour          timestamptz not null,
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
  primary key (hour, user_key)
) partition by range (hour);
comment on table batch.hour_user is 'By state of a user, by hour. As of the last published load.';
create table parts.batch_hour_user_g0 partition of batch.hour_user for values from (minvalue) to (maxvalue);

create table batch.hour_location (
  hour          timestamptz not null,
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
  primary key (hour, location_key)
) partition by range (hour);
comment on table batch.hour_location is 'By place, by hour. As of the last published load.';
create table parts.batch_hour_location_g0 partition of batch.hour_location for values from (minvalue) to (maxvalue);

create table batch.hour_device (
  hour          timestamptz not null,
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
  primary key (hour, device_key)
) partition by range (hour);
comment on table batch.hour_device is 'By user agent, by hour. As of the last published load.';
create table parts.batch_hour_device_g0 partition of batch.hour_device for values from (minvalue) to (maxvalue);

create table batch.hour_audience (
  hour          timestamptz not null,
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
  primary key (hour, gender, level)
) partition by range (hour);
comment on table batch.hour_audience is 'By gender and plan; ''unknown'' where an event shows none, by hour. As of the last published load.';
create table parts.batch_hour_audience_g0 partition of batch.hour_audience for values from (minvalue) to (maxvalue);

create table batch.hour_page (
  hour         timestamptz not null,
  page         text not null,
  method       text not null,
  status       integer not null,
  auth         text not null,
  level        text not null,
  page_views   integer,
  errors       integer,
  active_users hll,
  sessions     hll,
  primary key (hour, page, method, status, auth, level)
) partition by range (hour);
comment on table batch.hour_page is 'Page views by what was requested; '''' and 0 where an event does not say, by hour. As of the last published load.';
create table parts.batch_hour_page_g0 partition of batch.hour_page for values from (minvalue) to (maxvalue);

create table batch.day_totals (
  day           date not null,
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
  primary key (day)
) partition by range (day);
comment on table batch.day_totals is 'Everything, by day. As of the last published load.';
create table parts.batch_day_totals_g0 partition of batch.day_totals for values from (minvalue) to (maxvalue);

create table batch.day_song (
  day           date not null,
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
  primary key (day, song_key)
) partition by range (day);
comment on table batch.day_song is 'By song, by day. As of the last published load.';
create table parts.batch_day_song_g0 partition of batch.day_song for values from (minvalue) to (maxvalue);

create table batch.day_user (
  day           date not null,
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
  primary key (day, user_key)
) partition by range (day);
comment on table batch.day_user is 'By state of a user, by day. As of the last published load.';
create table parts.batch_day_user_g0 partition of batch.day_user for values from (minvalue) to (maxvalue);

create table batch.day_location (
  day           date not null,
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
  primary key (day, location_key)
) partition by range (day);
comment on table batch.day_location is 'By place, by day. As of the last published load.';
create table parts.batch_day_location_g0 partition of batch.day_location for values from (minvalue) to (maxvalue);

create table batch.day_device (
  day           date not null,
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
  primary key (day, device_key)
) partition by range (day);
comment on table batch.day_device is 'By user agent, by day. As of the last published load.';
create table parts.batch_day_device_g0 partition of batch.day_device for values from (minvalue) to (maxvalue);

create table batch.day_audience (
  day           date not null,
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
  primary key (day, gender, level)
) partition by range (day);
comment on table batch.day_audience is 'By gender and plan; ''unknown'' where an event shows none, by day. As of the last published load.';
create table parts.batch_day_audience_g0 partition of batch.day_audience for values from (minvalue) to (maxvalue);

create table batch.day_page (
  day          date not null,
  page         text not null,
  method       text not null,
  status       integer not null,
  auth         text not null,
  level        text not null,
  page_views   integer,
  errors       integer,
  active_users hll,
  sessions     hll,
  primary key (day, page, method, status, auth, level)
) partition by range (day);
comment on table batch.day_page is 'Page views by what was requested; '''' and 0 where an event does not say, by day. As of the last published load.';
create table parts.batch_day_page_g0 partition of batch.day_page for values from (minvalue) to (maxvalue);

-- What is loaded already.

insert into batch.hour_totals
  (hour, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
   shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
   active_users, sessions, songs)
select
  layers.hour_of(minute),
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from batch.minute_totals
group by layers.hour_of(minute);

insert into batch.hour_song
  (hour, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, listeners)
select
  layers.hour_of(minute), song_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0),
  hll_union_agg(listeners)
from batch.minute_song
group by layers.hour_of(minute), song_key;

insert into batch.hour_user
  (hour, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
   sessions, songs)
select
  layers.hour_of(minute), user_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(sessions), hll_union_agg(songs)
from batch.minute_user
group by layers.hour_of(minute), user_key;

insert into batch.hour_location
  (hour, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
   listeners, active_users, sessions, songs)
select
  layers.hour_of(minute), location_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from batch.minute_location
group by layers.hour_of(minute), location_key;

insert into batch.hour_device
  (hour, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
   listeners, active_users, sessions, songs)
select
  layers.hour_of(minute), device_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from batch.minute_device
group by layers.hour_of(minute), device_key;

insert into batch.hour_audience
  (hour, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
   listeners, active_users, sessions, songs)
select
  layers.hour_of(minute), gender, level,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from batch.minute_audience
group by layers.hour_of(minute), gender, level;

insert into batch.hour_page
  (hour, page, method, status, auth, level, page_views, errors, active_users, sessions)
select
  layers.hour_of(minute), page, method, status, auth, level,
  nullif(sum(page_views), 0), nullif(sum(errors), 0),
  hll_union_agg(active_users), hll_union_agg(sessions)
from batch.minute_page
group by layers.hour_of(minute), page, method, status, auth, level;

insert into batch.day_totals
  (day, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
   shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
   active_users, sessions, songs)
select
  (hour at time zone 'UTC')::date,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from batch.hour_totals
group by (hour at time zone 'UTC')::date;

insert into batch.day_song
  (day, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, listeners)
select
  (hour at time zone 'UTC')::date, song_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0),
  hll_union_agg(listeners)
from batch.hour_song
group by (hour at time zone 'UTC')::date, song_key;

insert into batch.day_user
  (day, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
   sessions, songs)
select
  (hour at time zone 'UTC')::date, user_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(sessions), hll_union_agg(songs)
from batch.hour_user
group by (hour at time zone 'UTC')::date, user_key;

insert into batch.day_location
  (day, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
   listeners, active_users, sessions, songs)
select
  (hour at time zone 'UTC')::date, location_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from batch.hour_location
group by (hour at time zone 'UTC')::date, location_key;

insert into batch.day_device
  (day, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
   listeners, active_users, sessions, songs)
select
  (hour at time zone 'UTC')::date, device_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from batch.hour_device
group by (hour at time zone 'UTC')::date, device_key;

insert into batch.day_audience
  (day, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
   playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
   listeners, active_users, sessions, songs)
select
  (hour at time zone 'UTC')::date, gender, level,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from batch.hour_audience
group by (hour at time zone 'UTC')::date, gender, level;

insert into batch.day_page
  (day, page, method, status, auth, level, page_views, errors, active_users, sessions)
select
  (hour at time zone 'UTC')::date, page, method, status, auth, level,
  nullif(sum(page_views), 0), nullif(sum(errors), 0),
  hll_union_agg(active_users), hll_union_agg(sessions)
from batch.hour_page
group by (hour at time zone 'UTC')::date, page, method, status, auth, level;
