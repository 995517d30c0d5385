-- Who reads facts for a stretch of time says the days beside it, by which PostgreSQL leaves the partitions of all other days out; by ts
-- alone it opens each day of a month to see its constraint (docs/decisions/0040), which took half of the planning of most questions.

create or replace view layers.event as
select
  e.ts, date_bin('1 minute', e.ts, 'epoch') as minute, e.user_key, e.location_key, e.device_key,
  u.gender, e.level, e.song_key, e.page, e.method, e.status, e.auth,
  e.listens, e.listened_ms, e.completed, e.skipped, e.partial, e.thumbs_up, e.thumbs_down,
  e.playlist_adds, e.shares, e.friends_added, e.adverts, e.page_views, e.errors, e.logins,
  e.failed_logins,
  case when e.listens = 1 and u.user_id is not null then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(u.user_id)) end as listeners,
  case when u.user_id is not null then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(u.user_id)) end as active_users,
  hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(e.session_id)) as sessions,
  case when e.listens = 1 and e.song_key <> 0 then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(e.song_key)) end as songs,
  u.user_id, e.session_id, e.date_key
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
    null::integer as failed_logins, date_key
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
    1, case when status >= 400 then 1 end, null, null, date_key
  from warehouse.fact_page_view
  union all
  select
    ts, user_key, location_key, device_key, level, session_id, null,
    null, null, null, null,
    null, null, null, null, null,
    null, null, null, null, null, null,
    null, null, case when success then 1 end, case when not success then 1 end, date_key
  from warehouse.fact_auth
) as e
left join warehouse.dim_user as u on u.user_key = e.user_key and u.user_key <> 0;

create or replace view layers.song_event as
select
  ts, minute, song_key,
  listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, listeners, date_key
from layers.event
where song_key is not null;

create or replace view layers.audience_event as
select
  ts, minute, coalesce(gender, 'unknown') as gender, coalesce(level, 'unknown') as level,
  listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
  active_users, sessions, songs, date_key
from layers.event;

create or replace view layers.page_event as
select
  ts, minute, page, coalesce(method, '') as method, coalesce(status, 0) as status,
  coalesce(auth, '') as auth, coalesce(level, '') as level, page_views, errors, active_users,
  sessions, date_key
from layers.event
where page is not null;

-- The texts of these are those of queries/rollup/past.sql; a test compares them.

create or replace view layers.past_minute_song as
select
  ts, minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners, true as is_loaded, date_key
from layers.song_event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, listeners, false,
  to_char(minute at time zone 'UTC', 'YYYYMMDD')::integer
from speed.minute_song
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);

create or replace view layers.past_minute_user as
select
  ts, minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs, true as is_loaded, date_key
from layers.event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, sessions, songs, false,
  to_char(minute at time zone 'UTC', 'YYYYMMDD')::integer
from speed.minute_user
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);

create or replace view layers.past_minute_location as
select
  ts, minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, true as is_loaded, date_key
from layers.event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false,
  to_char(minute at time zone 'UTC', 'YYYYMMDD')::integer
from speed.minute_location
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);

create or replace view layers.past_minute_device as
select
  ts, minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, true as is_loaded, date_key
from layers.event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false,
  to_char(minute at time zone 'UTC', 'YYYYMMDD')::integer
from speed.minute_device
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);

create or replace view layers.past_minute_audience as
select
  ts, minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, true as is_loaded, date_key
from layers.audience_event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false,
  to_char(minute at time zone 'UTC', 'YYYYMMDD')::integer
from speed.minute_audience
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);

create or replace view layers.past_minute_page as
select
  ts, minute, page, method, status, auth, level, page_views, errors, active_users, sessions, true
  as is_loaded, date_key
from layers.page_event
where ts < (select minutes_from from batch.published)
union all
select
  minute, minute, page, method, status, auth, level, page_views, errors, active_users, sessions,
  false,
  to_char(minute at time zone 'UTC', 'YYYYMMDD')::integer
from speed.minute_page
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published);
