-- Page views and logins of the present, one by one, so that what facts answer of them goes on to the present, by the second too.

create table speed.action (
  epoch        integer     not null,
  ts           timestamptz not null,
  user_key     bigint      not null,
  location_key bigint      not null,
  device_key   bigint      not null,
  session_id   bigint      not null,
  level        text,
  page         text,
  method       text,
  status       integer,
  auth         text,
  success      boolean
) partition by list (epoch);
comment on table speed.action is 'One row a page view or login that the speed layer has counted within an hour of the event; when its epoch is loaded it is a row of warehouse.fact_page_view or warehouse.fact_auth instead. What was older when it was counted has none.';
comment on column speed.action.epoch is 'the epoch that the row belongs to';
comment on column speed.action.ts is 'event time';
comment on column speed.action.user_key is 'the state of the user in dim_user; 0 for guests';
comment on column speed.action.location_key is 'the place in dim_location; 0 for unknown';
comment on column speed.action.device_key is 'the device in dim_device; 0 for unknown';
comment on column speed.action.session_id is 'the session, as the event has it';
comment on column speed.action.level is 'free or paid, as the event shows it';
comment on column speed.action.page is 'what was viewed; null of logins';
comment on column speed.action.method is 'the HTTP method; null of logins, and where the event does not say';
comment on column speed.action.status is 'the HTTP status; null of logins, and where the event does not say';
comment on column speed.action.auth is 'Guest, Logged In, Logged Out or Cancelled; null of logins, and where the event does not say';
comment on column speed.action.success is 'whether the login succeeded; null of page views';

-- The present epoch, and the next one where a load has made its tables already.
do $$
declare
  n integer;
begin
  for n in
    select substring(tablename from '_e([0-9]+)$')::integer
    from pg_tables
    where schemaname = 'parts' and tablename ~ '^speed_minute_totals_e[0-9]+$'
  loop
    execute format(
      'create table parts.speed_action_e%1$s partition of speed.action (epoch default %1$s) for values in (%1$s)', n);
  end loop;
end
$$;

create view layers.live_event as
select
  e.ts, e.user_key, e.location_key, e.device_key, u.gender, e.level, e.song_key, e.page, e.method, e.status, e.auth,
  e.listens, e.page_views, e.errors, e.logins, e.failed_logins,
  case when e.listens = 1 and u.user_id is not null then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(u.user_id)) end as listeners,
  case when u.user_id is not null then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(u.user_id)) end as active_users,
  hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(e.session_id)) as sessions,
  case when e.listens = 1 and e.song_key <> 0 then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(e.song_key)) end as songs,
  u.user_id, e.session_id
from (
  select
    epoch, ts, user_key, location_key, device_key, level, session_id, song_key,
    null::text as page, null::text as method, null::integer as status, null::text as auth,
    1 as listens, null::integer as page_views, null::integer as errors, null::integer as logins,
    null::integer as failed_logins
  from speed.play
  union all
  select
    epoch, ts, user_key, location_key, device_key, level, session_id, null,
    page, method, status, auth,
    null, case when page is not null then 1 end, case when status >= 400 then 1 end,
    case when success then 1 end, case when not success then 1 end
  from speed.action
) as e
left join warehouse.dim_user as u on u.user_key = e.user_key and u.user_key <> 0
where e.epoch > (select loaded_epoch from batch.published);
comment on view layers.live_event is 'One row an event that the speed layer has counted and no load has published, as layers.event has loaded ones, with what it is known to add to the rollups at once: outcomes and credits come with the load. Of page views and logins only those that were counted within an hour.';
comment on column layers.live_event.ts is 'event time';
comment on column layers.live_event.user_key is 'the state of the user in dim_user; 0 for guests';
comment on column layers.live_event.location_key is 'the place in dim_location; 0 for unknown';
comment on column layers.live_event.device_key is 'the device in dim_device; 0 for unknown';
comment on column layers.live_event.gender is 'the user''s, as in dim_user';
comment on column layers.live_event.level is 'free or paid, as the event shows it';
comment on column layers.live_event.song_key is 'the song of a play in dim_song, 0 for unknown; null of page views and logins';
comment on column layers.live_event.page is 'what was viewed; null of plays and logins';
comment on column layers.live_event.method is 'the HTTP method of a page view';
comment on column layers.live_event.status is 'the HTTP status of a page view';
comment on column layers.live_event.auth is 'of a page view: Guest, Logged In, Logged Out or Cancelled';
comment on column layers.live_event.listens is '1 of plays';
comment on column layers.live_event.page_views is '1 of page views';
comment on column layers.live_event.errors is '1 of page views with a status of 400 or more';
comment on column layers.live_event.logins is '1 of logins that succeeded';
comment on column layers.live_event.failed_logins is '1 of logins that failed';
comment on column layers.live_event.listeners is 'a sketch of the user of a play; # estimates it, hll_union_agg unites several';
comment on column layers.live_event.active_users is 'a sketch of the user, likewise';
comment on column layers.live_event.sessions is 'a sketch of the session, likewise';
comment on column layers.live_event.songs is 'a sketch of the song of a play, likewise';
comment on column layers.live_event.user_id is 'the user; null for guests';
comment on column layers.live_event.session_id is 'the session, as the event has it';
