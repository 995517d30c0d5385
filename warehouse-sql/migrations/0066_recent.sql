-- What the speed layer has of each rollup, read once for all of a range: the views of minutes, hours and days each have a part of
-- it, behind conditions whose effect the planner cannot guess, so that it took half a million rows for a thousand, sorted
-- them, and read them once for each rung.

create view layers.recent_totals as
select
  minute, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
  active_users, sessions, songs
from speed.minute_totals
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_totals is 'The speed layer''s rows that count now, in all: of minutes that are kept and of those that are given up.';

create view layers.recent_audience as
select
  minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs
from speed.minute_audience
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_audience is 'The speed layer''s rows that count now, by gender and level: of minutes that are kept and of those that are given up.';

create view layers.recent_page as
select
  minute, page, method, status, auth, level, page_views, errors, active_users, sessions
from speed.minute_page
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_page is 'The speed layer''s rows that count now, by page: of minutes that are kept and of those that are given up.';

create view layers.recent_device as
select
  minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs
from speed.minute_device
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_device is 'The speed layer''s rows that count now, by device: of minutes that are kept and of those that are given up.';

create view layers.recent_song as
select
  minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners
from speed.minute_song
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_song is 'The speed layer''s rows that count now, by song: of minutes that are kept and of those that are given up.';

create view layers.recent_user as
select
  minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs
from speed.minute_user
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_user is 'The speed layer''s rows that count now, by state of a user: of minutes that are kept and of those that are given up.';

create view layers.recent_location as
select
  minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs
from speed.minute_location
where epoch > (select loaded_epoch from batch.published);
comment on view layers.recent_location is 'The speed layer''s rows that count now, by place: of minutes that are kept and of those that are given up.';
