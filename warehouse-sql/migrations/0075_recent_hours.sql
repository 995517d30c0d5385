-- Readers of hours and days take what is folded by the hour, and the rest by the minute. The columns and the rows that they are sums of
-- are the same as before.

create or replace view layers.recent_totals as
select
  minute, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
  active_users, sessions, songs, is_folded
from speed.minute_totals
where epoch > (select loaded_epoch from batch.published);

create view layers.recent_hour_totals as
select
  hour, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
  active_users, sessions, songs
from speed.hour_totals
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_hour_totals is 'The speed layer''s rows that count now, in all, by hour: the sums of the rows of layers.recent_totals that are folded.';

create or replace view layers.hour_totals as
select
  hour, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
  active_users, sessions, songs, true as is_loaded
from batch.hour_totals
union all
select
  layers.hour_of(hour), listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, false
from layers.recent_hour_totals
union all
select
  layers.hour_of(minute), listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_totals
where not is_folded;

create or replace view layers.day_totals as
select
  day, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
  active_users, sessions, songs, true as is_loaded
from batch.day_totals
union all
select
  layers.day_of(hour), listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, false
from layers.recent_hour_totals
union all
select
  layers.day_of(minute), listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, false
from layers.recent_totals
where not is_folded;

create or replace view layers.recent_song as
select
  minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners, is_folded
from speed.minute_song
where epoch > (select loaded_epoch from batch.published);

create view layers.recent_hour_song as
select
  hour, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners
from speed.hour_song
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_hour_song is 'The speed layer''s rows that count now, by song, by hour: the sums of the rows of layers.recent_song that are folded.';

create or replace view layers.hour_song as
select
  hour, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners, true as is_loaded
from batch.hour_song
union all
select
  layers.hour_of(hour), song_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, listeners, false
from layers.recent_hour_song
union all
select
  layers.hour_of(minute), song_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, listeners, false
from layers.recent_song
where not is_folded;

create or replace view layers.day_song as
select
  day, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners, true as is_loaded
from batch.day_song
union all
select
  layers.day_of(hour), song_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, listeners, false
from layers.recent_hour_song
union all
select
  layers.day_of(minute), song_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, listeners, false
from layers.recent_song
where not is_folded;

create or replace view layers.recent_user as
select
  minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs, is_folded
from speed.minute_user
where epoch > (select loaded_epoch from batch.published);

create view layers.recent_hour_user as
select
  hour, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs
from speed.hour_user
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_hour_user is 'The speed layer''s rows that count now, by state of a user, by hour: the sums of the rows of layers.recent_user that are folded.';

create or replace view layers.hour_user as
select
  hour, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs, true as is_loaded
from batch.hour_user
union all
select
  layers.hour_of(hour), user_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, sessions, songs, false
from layers.recent_hour_user
union all
select
  layers.hour_of(minute), user_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, sessions, songs, false
from layers.recent_user
where not is_folded;

create or replace view layers.day_user as
select
  day, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs, true as is_loaded
from batch.day_user
union all
select
  layers.day_of(hour), user_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, sessions, songs, false
from layers.recent_hour_user
union all
select
  layers.day_of(minute), user_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, sessions, songs, false
from layers.recent_user
where not is_folded;

create or replace view layers.recent_location as
select
  minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, is_folded
from speed.minute_location
where epoch > (select loaded_epoch from batch.published);

create view layers.recent_hour_location as
select
  hour, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs
from speed.hour_location
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_hour_location is 'The speed layer''s rows that count now, by place, by hour: the sums of the rows of layers.recent_location that are folded.';

create or replace view layers.hour_location as
select
  hour, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.hour_location
union all
select
  layers.hour_of(hour), location_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_hour_location
union all
select
  layers.hour_of(minute), location_key, listens, listened_ms, completed, skipped, partial,
  thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors,
  logins, failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_location
where not is_folded;

create or replace view layers.day_location as
select
  day, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.day_location
union all
select
  layers.day_of(hour), location_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_hour_location
union all
select
  layers.day_of(minute), location_key, listens, listened_ms, completed, skipped, partial,
  thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors,
  logins, failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_location
where not is_folded;

create or replace view layers.recent_device as
select
  minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, is_folded
from speed.minute_device
where epoch > (select loaded_epoch from batch.published);

create view layers.recent_hour_device as
select
  hour, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs
from speed.hour_device
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_hour_device is 'The speed layer''s rows that count now, by device, by hour: the sums of the rows of layers.recent_device that are folded.';

create or replace view layers.hour_device as
select
  hour, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.hour_device
union all
select
  layers.hour_of(hour), device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_hour_device
union all
select
  layers.hour_of(minute), device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_device
where not is_folded;

create or replace view layers.day_device as
select
  day, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.day_device
union all
select
  layers.day_of(hour), device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_hour_device
union all
select
  layers.day_of(minute), device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_device
where not is_folded;

create or replace view layers.recent_audience as
select
  minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, is_folded
from speed.minute_audience
where epoch > (select loaded_epoch from batch.published);

create view layers.recent_hour_audience as
select
  hour, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs
from speed.hour_audience
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_hour_audience is 'The speed layer''s rows that count now, by gender and level, by hour: the sums of the rows of layers.recent_audience that are folded.';

create or replace view layers.hour_audience as
select
  hour, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.hour_audience
union all
select
  layers.hour_of(hour), gender, level, listens, listened_ms, completed, skipped, partial,
  thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors,
  logins, failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_hour_audience
union all
select
  layers.hour_of(minute), gender, level, listens, listened_ms, completed, skipped, partial,
  thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors,
  logins, failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_audience
where not is_folded;

create or replace view layers.day_audience as
select
  day, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.day_audience
union all
select
  layers.day_of(hour), gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_hour_audience
union all
select
  layers.day_of(minute), gender, level, listens, listened_ms, completed, skipped, partial,
  thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors,
  logins, failed_logins, listeners, active_users, sessions, songs, false
from layers.recent_audience
where not is_folded;

create or replace view layers.recent_page as
select
  minute, page, method, status, auth, level, page_views, errors, active_users, sessions, is_folded
from speed.minute_page
where epoch > (select loaded_epoch from batch.published);

create view layers.recent_hour_page as
select
  hour, page, method, status, auth, level, page_views, errors, active_users, sessions
from speed.hour_page
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_hour_page is 'The speed layer''s rows that count now, by page, by hour: the sums of the rows of layers.recent_page that are folded.';

create or replace view layers.hour_page as
select
  hour, page, method, status, auth, level, page_views, errors, active_users, sessions,
  true as is_loaded
from batch.hour_page
union all
select
  layers.hour_of(hour), page, method, status, auth, level, page_views, errors, active_users,
  sessions, false
from layers.recent_hour_page
union all
select
  layers.hour_of(minute), page, method, status, auth, level, page_views, errors, active_users,
  sessions, false
from layers.recent_page
where not is_folded;

create or replace view layers.day_page as
select
  day, page, method, status, auth, level, page_views, errors, active_users, sessions,
  true as is_loaded
from batch.day_page
union all
select
  layers.day_of(hour), page, method, status, auth, level, page_views, errors, active_users,
  sessions, false
from layers.recent_hour_page
union all
select
  layers.day_of(minute), page, method, status, auth, level, page_views, errors, active_users,
  sessions, false
from layers.recent_page
where not is_folded;
