-- Each play has a page view, NextSong, with the same time, keys and song: nine rows in twenty of all facts said nothing that a row
-- beside them did not say. A load writes such a page view as one bit of its play (docs/decisions/0039).

alter table builds.fact_listen add column has_page_view boolean not null default false;
comment on column builds.fact_listen.has_page_view is 'whether the play stands for its page view too: NextSong, PUT, 200, with the same time, keys, song, auth and level';
alter table undo.fact_listen add column has_page_view boolean not null default false;
comment on column undo.fact_listen.has_page_view is 'as builds.fact_listen has it';

-- The text is that of queries/facts/page_views.sql, of the published build; a test compares what they give.
create or replace view warehouse.fact_page_view as
select
  ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
  page, method, status, auth, level, engagement, credited_song_key, load_run_id
from builds.fact_page_view
where build = (select build from batch.published)
union all
select
  ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
  'NextSong', 'PUT', 200, auth, level, null::text, null::bigint, load_run_id
from builds.fact_listen
where build = (select build from batch.published) and has_page_view;

-- What rules of loads read: what is true of a play is true of its page view, and need not be looked at twice.
create view layers.play as
select
  ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
  auth, level, duration_ms, listened_ms, outcome, load_run_id, has_page_view
from builds.fact_listen
where build = (select build from batch.published);
comment on view layers.play is 'warehouse.fact_listen, with has_page_view: whether the row stands for the play''s page view too.';

create view layers.own_page_view as
select
  ts, date_key, time_key, user_key, location_key, device_key, session_id, item_in_session, song_key,
  page, method, status, auth, level, engagement, credited_song_key, load_run_id
from builds.fact_page_view
where build = (select build from batch.published);
comment on view layers.own_page_view is 'The page views of warehouse.fact_page_view that have a row of their own; of the others each is a play''s (layers.play).';
