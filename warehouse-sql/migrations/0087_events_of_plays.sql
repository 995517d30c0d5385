-- A question of events that no play's page view can be among (songs, a page by its name) does not plan with the plays' days: each arm of
-- the page views has its own condition, so that PostgreSQL drops one that is false before it opens a table. In warehouse.fact_page_view the
-- arms have none (0081), by which a join's condition reaches their tables; nobody joins these (docs/decisions/0040).

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
  from (
    select
      ts, date_key, user_key, location_key, device_key, session_id, page, method, status, auth, level, engagement, credited_song_key
    from layers.own_page_view
    union all
    select
      ts, date_key, user_key, location_key, device_key, session_id, 'NextSong', 'PUT', 200, auth, level, null, null
    from layers.play
    where has_page_view
  ) as page_view
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
