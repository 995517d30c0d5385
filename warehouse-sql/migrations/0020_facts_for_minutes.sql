-- Facts answer for minutes that rollups have given up: they carry how a play ended, how long it was listened to, and
-- the song that a page view is credited to, so that nothing is computed anew.

alter table warehouse.fact_page_view
  add column engagement text,
  add column credited_song_key bigint;
comment on column warehouse.fact_page_view.engagement is 'the counter of the rollups that the page view adds to, such as thumbs_up; null for most pages';
comment on column warehouse.fact_page_view.credited_song_key is 'the song that a thumb, a playlist add, a share, an added friend or an advert is credited to: the one that the page view names, or else the last one of the session; null where there is none';

alter table batch.published add column facts_know_credits boolean not null default true;
comment on column batch.published.facts_know_credits is 'false where facts were loaded before they had these two columns: until the next full load no minutes are given up';
update batch.published set facts_know_credits = load_run_id is null;

-- What each fact adds to the rollups.

create view layers.event as
select
  e.ts, date_bin('1 minute', e.ts, 'epoch') as minute, e.user_key, e.location_key, e.device_key,
  u.gender, e.level, e.song_key, e.page, e.method, e.status, e.auth,
  e.listens, e.listened_ms, e.completed, e.skipped, e.partial, e.thumbs_up, e.thumbs_down,
  e.playlist_adds, e.shares, e.friends_added, e.adverts, e.page_views, e.errors, e.logins,
  e.failed_logins,
  case when e.listens = 1 and u.user_id is not null then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(u.user_id)) end as listeners,
  case when u.user_id is not null then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(u.user_id)) end as active_users,
  hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(e.session_id)) as sessions,
  case when e.listens = 1 and e.song_key <> 0 then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(e.song_key)) end as songs
from (
  select
    ts, user_key, location_key, device_key, level, session_id, song_key,
    null::text as page, null::text as method, null::integer as status, null::text as auth,
    1 as listens, listened_ms::bigint as listened_ms,
    case when outcome = 'completed' then 1 end as completed,
    case when outcome = 'skipped' then 1 end as skipped,
    case when outcome = 'partial' then 1 end as partial,
    null::integer as thumbs_up, null::integer as thumbs_down, null::integer as playlist_adds,
    null::integer as shares, null::integer as friends_added, null::integer as adverts,
    null::integer as page_views, null::integer as errors, null::integer as logins,
    null::integer as failed_logins
  from warehouse.fact_listen
  union all
  select
    ts, user_key, location_key, device_key, level, session_id, credited_song_key,
    page, method, status, auth,
    null, null, null, null, null,
    case when engagement = 'thumbs_up' then 1 end,
    case when engagement = 'thumbs_down' then 1 end,
    case when engagement = 'playlist_adds' then 1 end,
    case when engagement = 'shares' then 1 end,
    case when engagement = 'friends_added' then 1 end,
    case when engagement = 'adverts' then 1 end,
    1, case when status >= 400 then 1 end, null, null
  from warehouse.fact_page_view
  union all
  select
    ts, user_key, location_key, device_key, level, session_id, null,
    null, null, null, null,
    null, null, null, null, null,
    null, null, null, null, null, null,
    null, null, case when success then 1 end, case when not success then 1 end
  from warehouse.fact_auth
) as e
left join warehouse.dim_user as u using (user_key);
comment on view layers.event is 'Each loaded fact, with what it adds to the rollups. song_key of a page view is that of its credit.';

create view layers.song_event as
select
  ts, minute, song_key,
  listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, listeners
from layers.event
where song_key is not null;
comment on view layers.song_event is 'layers.event, the facts that count for a song.';

create view layers.audience_event as
select
  ts, minute, coalesce(gender, 'unknown') as gender, coalesce(level, 'unknown') as level,
  listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
  active_users, sessions, songs
from layers.event;
comment on view layers.audience_event is 'layers.event, with the keys of minute_audience.';

create view layers.page_event as
select
  ts, minute, page, coalesce(method, '') as method, coalesce(status, 0) as status,
  coalesce(auth, '') as auth, coalesce(level, '') as level, page_views, errors, active_users,
  sessions
from layers.event
where page is not null;
comment on view layers.page_event is 'layers.event, the page views, with the keys of minute_page.';

-- The texts of these are those of queries/rollup/past.sql; a test compares them.

create view layers.past_minute_song as
select
  ts, minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners, true as is_loaded
from layers.song_event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, listeners, false
from speed.minute_song
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);
comment on view layers.past_minute_song is 'The rows that count now for minutes that are given up, by song: one for each fact, and those of later epochs.';

create view layers.past_minute_user as
select
  ts, minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs, true as is_loaded
from layers.event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, sessions, songs, false
from speed.minute_user
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);
comment on view layers.past_minute_user is 'The rows that count now for minutes that are given up, by state of a user: one for each fact, and those of later epochs.';

create view layers.past_minute_location as
select
  ts, minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, true as is_loaded
from layers.event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_location
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);
comment on view layers.past_minute_location is 'The rows that count now for minutes that are given up, by place: one for each fact, and those of later epochs.';

create view layers.past_minute_device as
select
  ts, minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, true as is_loaded
from layers.event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_device
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);
comment on view layers.past_minute_device is 'The rows that count now for minutes that are given up, by user agent: one for each fact, and those of later epochs.';

create view layers.past_minute_audience as
select
  ts, minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, true as is_loaded
from layers.audience_event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_audience
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);
comment on view layers.past_minute_audience is 'The rows that count now for minutes that are given up, by gender and plan; ''unknown'' where an event shows none: one for each fact, and those of later epochs.';

create view layers.past_minute_page as
select
  ts, minute, page, method, status, auth, level, page_views, errors, active_users, sessions, true
  as is_loaded
from layers.page_event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, page, method, status, auth, level, page_views, errors, active_users, sessions,
  false
from speed.minute_page
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);
comment on view layers.past_minute_page is 'The rows that count now for minutes that are given up, page views by what was requested; '''' and 0 where an event does not say: one for each fact, and those of later epochs.';
