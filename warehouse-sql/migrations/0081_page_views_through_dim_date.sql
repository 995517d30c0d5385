-- A question of page views through dim_date reads the days that it asks for, as one of plays does. PostgreSQL moves the condition of a
-- join to the tables of a union whose arms have no conditions of their own, so that those stand above it (docs/decisions/0040).

-- The text is that of queries/facts/page_views.sql, of the published build; a test compares what they give.
create or replace view warehouse.fact_page_view as
select
  ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
  page, method, status, auth, level, engagement, credited_song_key, load_run_id
from (
  select
    ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
    page, method, status, auth, level, engagement, credited_song_key, load_run_id, true as is_shown, build
  from builds.fact_page_view
  union all
  select
    ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
    'NextSong', 'PUT', 200, auth, level, null::text, null::bigint, load_run_id, has_page_view, build
  from builds.fact_listen
) as event
where is_shown and build = (select build from batch.published);
