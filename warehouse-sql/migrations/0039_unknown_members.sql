-- What is unknown reads Unknown, so that a join leaves no hole in a report.

update warehouse.dim_user set first_name = 'Unknown', last_name = 'Unknown', gender = 'Unknown', level = 'Unknown', country = 'Unknown' where user_key = 0;
update warehouse.dim_song set artist = 'Unknown', title = 'Unknown', genre = 'Unknown', album = 'Unknown' where song_key = 0;
update warehouse.dim_location set country = 'Unknown', state = 'Unknown', city = 'Unknown', zip = 'Unknown', region = 'Unknown' where location_key = 0;
update warehouse.dim_device set user_agent = 'Unknown', device_type = 'Unknown', os = 'Unknown', browser = 'Unknown' where device_key = 0;

-- Our own questions join these: what is unknown has no attributes there, instead of a name that a real one could have as well.

create view layers.dim_user as
select
  user_key, user_id, first_name, last_name, gender, level, registration, first_seen, last_seen, is_current, age, country
from warehouse.dim_user
where user_key <> 0;
comment on view layers.dim_user is 'warehouse.dim_user but the unknown member.';

create view layers.dim_song as
select
  song_key, artist, title, duration, genre, album, popularity, explicit, danceability, energy, key, loudness, mode,
  speechiness, acousticness, instrumentalness, liveness, valence, tempo, time_signature, track_id, event_track_id
from warehouse.dim_song
where song_key <> 0;
comment on view layers.dim_song is 'warehouse.dim_song but the unknown member.';

create view layers.dim_location as
select location_key, country, state, city, zip, lon, lat, region
from warehouse.dim_location
where location_key <> 0;
comment on view layers.dim_location is 'warehouse.dim_location but the unknown member.';

create view layers.dim_device as
select device_key, user_agent, device_type, os, browser
from warehouse.dim_device
where device_key <> 0;
comment on view layers.dim_device is 'warehouse.dim_device but the unknown member.';

-- Guests count under no gender.

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
left join warehouse.dim_user as u on u.user_key = e.user_key and u.user_key <> 0;

-- No place is called Unknown.

create or replace view mart.anomaly_hourly as
with span as (
  select date_trunc('hour', min(minute)) as first_hour, date_trunc('hour', max(minute)) as last_hour
  from serving.minute_totals
),
observed as materialized (
  select h.hour, '' as state, h.listens, h.skipped, h.logins, h.errors
  from span
  join serving.hour_totals as h on h.hour > span.last_hour - interval '70 days'
  union all
  select h.hour, l.state, sum(h.listens), sum(h.skipped), sum(h.logins), sum(h.errors)
  from span
  join layers.hour_location as h on h.hour > span.last_hour - interval '70 days'
  join layers.dim_location as l using (location_key)
  where l.state <> ''
  group by h.hour, l.state
),
-- Every hour of every place: that nobody was heard from is what one wants to know.
looked_at as (
  select hour, state
  from span
  cross join generate_series(last_hour - interval '14 days', last_hour, interval '1 hour') as hour
  cross join (select distinct state from observed) as place
),
usual as (
  select
    l.hour, l.state, count(*) as weeks,
    percentile_cont(array[0.25, 0.5, 0.75]) within group (order by coalesce(o.listens, 0)::double precision) as listens,
    percentile_cont(array[0.25, 0.5, 0.75]) within group (order by coalesce(o.skipped, 0)::double precision) as skipped,
    percentile_cont(array[0.25, 0.5, 0.75]) within group (order by coalesce(o.logins, 0)::double precision) as logins,
    percentile_cont(array[0.25, 0.5, 0.75]) within group (order by coalesce(o.errors, 0)::double precision) as errors
  from looked_at as l
  cross join generate_series(1, 8) as week
  cross join span
  left join observed as o on o.hour = l.hour - week * interval '7 days' and o.state = l.state
  where l.hour - week * interval '7 days' >= span.first_hour
  group by l.hour, l.state
  having count(*) >= 3
),
measured as (
  select u.hour, u.state, u.weeks, m.measure, coalesce(m.value, 0) as value, m.quartiles, m.least
  from usual as u
  left join observed as o on o.hour = u.hour and o.state = u.state
  cross join lateral (
    values
      ('listens', o.listens, u.listens, 16), ('skipped', o.skipped, u.skipped, 16), ('logins', o.logins, u.logins, 4),
      ('errors', o.errors, u.errors, 4)
  ) as m (measure, value, quartiles, least)
),
scored as (
  select
    *,
    (value::double precision - quartiles[2])
      / greatest((quartiles[3] - quartiles[1]) / 1.349, 4 * sqrt(quartiles[2]), least) as score
  from measured
)
select
  hour, case when state = '' then 'total' else 'state' end as scope, nullif(state, '') as state, measure,
  value::bigint as value, quartiles[2] as expected, weeks::integer as weeks, round(score::numeric, 2)::double precision as score,
  abs(score) >= 5 as is_anomaly
from scored;

-- Every song has an artist, if only the unknown one, so that plays by artist add up to all plays.

create or replace view warehouse.song_artist as
select
  s.song_key, case when a.name is null then 0 else layers.label(a.name) end as artist_key, a.position::integer as position,
  1.0 / cardinality(coalesce(c.artists, array[s.artist])) as share
from layers.dim_song as s
left join warehouse.catalogue_song as c using (track_id)
cross join unnest(coalesce(c.artists, array[s.artist])) with ordinality as a(name, position)
union all
select 0, 0, 1, 1;

create or replace view warehouse.dim_artist as
select 0::bigint as artist_key, 'Unknown' as name
union all
select distinct layers.label(a.name), a.name
from layers.dim_song as s
left join warehouse.catalogue_song as c using (track_id)
cross join unnest(coalesce(c.artists, array[s.artist])) as a(name)
where a.name is not null;

create or replace view warehouse.dim_album as
select 0::bigint as album_key, 'Unknown' as artist, 'Unknown' as name
union all
select distinct layers.label(album, artist), artist, album
from layers.dim_song
where album is not null;

create or replace view warehouse.dim_genre as
select 0::bigint as genre_key, 'Unknown' as name
union all
select distinct layers.label(genre), genre
from layers.dim_song
where genre is not null;
