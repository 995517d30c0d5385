-- All page views of some tables: those with a row of their own, and those that their plays stand for.
select
  ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
  page, method, status, auth, level, engagement, credited_song_key, load_run_id
from (
  select
    ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
    page, method, status, auth, level, engagement, credited_song_key, load_run_id, true as is_shown
  from {views}
  union all
  select
    ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
    'NextSong', 'PUT', 200, auth, level, null::text, null::bigint, load_run_id, has_page_view
  from {listens}
) as event
where is_shown
