-- Tables as dashboards of streaming services query them: numbers under plain names, both layers added up, over the
-- same rows as serving (docs/dashboards.md). No measure is defined here: counters are divided as docs/metrics.md says.

create schema dashboard;
comment on schema dashboard is 'For BI tools: who streams what, where, on what and when, live. Numbers and names only; set search_path to this.';

grant usage on schema dashboard to analyst;
alter default privileges in schema dashboard grant select on tables to analyst;

create function layers.rate(part bigint, whole bigint) returns double precision
language sql immutable parallel safe
return part::double precision / nullif(whole, 0)::double precision;
comment on function layers.rate is 'A part of a whole; null where there is no whole.';

create function layers.distinct_count(sketch hll) returns bigint
language sql immutable parallel safe
return round(coalesce(hll_cardinality(sketch), 0))::bigint;
comment on function layers.distinct_count is 'How many distinct values a sketch has seen: exact up to 320, estimated beyond.';

-- Buckets are minutes for the last hours, and hours before that: what is asked of a day or a month reads hours.

create view layers.minutes_shown as
select greatest(layers.hour_of(now() - interval '6 hours'), minutes_from) as minutes_from
from batch.published;
comment on view layers.minutes_shown is 'From when on the tables of dashboard have minutes; before that they have hours.';
comment on column layers.minutes_shown.minutes_from is 'the start of an hour, six to seven hours ago; later where minutes were given up sooner';

create view dashboard.user_engagement_metrics as
select
  time_window, granularity, user_id,
  layers.distinct_count(sessions) as session_count,
  listens as stream_count,
  layers.distinct_count(songs) as unique_songs,
  listened_ms as listen_time,
  layers.rate(listened_ms, completed + skipped + partial) as avg_listen_time,
  completed as completed_count,
  skipped as skipped_count,
  partial as partial_count,
  layers.rate(completed, completed + skipped + partial) as completion_rate,
  layers.rate(skipped, completed + skipped + partial) as skip_rate,
  thumbs_up as like_count,
  layers.rate(thumbs_up, listens) as like_rate,
  thumbs_down as dislike_count,
  playlist_adds as playlist_add_count,
  shares as share_count,
  page_views as page_view_count,
  source, is_final
from (
  select
    time_window, max(granularity) as granularity, user_id,
    coalesce(sum(listens), 0)::bigint as listens,
    coalesce(sum(listened_ms), 0)::bigint as listened_ms,
    coalesce(sum(completed), 0)::bigint as completed,
    coalesce(sum(skipped), 0)::bigint as skipped,
    coalesce(sum(partial), 0)::bigint as partial,
    coalesce(sum(thumbs_up), 0)::bigint as thumbs_up,
    coalesce(sum(thumbs_down), 0)::bigint as thumbs_down,
    coalesce(sum(playlist_adds), 0)::bigint as playlist_adds,
    coalesce(sum(shares), 0)::bigint as shares,
    coalesce(sum(page_views), 0)::bigint as page_views,
    hll_union_agg(sessions) as sessions,
    hll_union_agg(songs) as songs,
    case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
    bool_and(is_loaded) and max(window_end) <= (select final_before from batch.published) as is_final
  from (
    select
      minute as time_window, layers.minute_end(minute) as window_end, 'minute' as granularity,
      user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
      playlist_adds, shares, page_views, sessions, songs, is_loaded
    from layers.minute_user
    where minute >= (select minutes_from from layers.minutes_shown)
    union all
    select
      hour, layers.hour_end(hour), 'hour',
      user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
      playlist_adds, shares, page_views, sessions, songs, is_loaded
    from layers.hour_user
    where hour < (select minutes_from from layers.minutes_shown)
  ) as states
  left join warehouse.dim_user using (user_key)
  group by time_window, user_id
) as users;

create view dashboard.content_performance_metrics as
select
  time_window, granularity, song_key as song_id,
  layers.label(artist) as artist_id,
  listens as stream_count,
  layers.distinct_count(listeners) as unique_users,
  listened_ms as listen_time,
  layers.rate(listened_ms, completed + skipped + partial) as avg_listen_time,
  completed as completed_count,
  skipped as skipped_count,
  partial as partial_count,
  layers.rate(completed, completed + skipped + partial) as completion_rate,
  layers.rate(skipped, completed + skipped + partial) as skip_rate,
  thumbs_up as like_count,
  layers.rate(thumbs_up, listens) as like_rate,
  thumbs_down as dislike_count,
  playlist_adds as playlist_add_count,
  shares as share_count,
  source, is_final
from (
  select minute as time_window, 'minute' as granularity, s.*
  from serving.minute_song as s
  where minute >= (select minutes_from from layers.minutes_shown)
  union all
  select hour, 'hour', s.*
  from serving.hour_song as s
  where hour < (select minutes_from from layers.minutes_shown)
) as songs
left join warehouse.dim_song using (song_key);

create view dashboard.device_metrics as
select
  time_window, granularity, device_key as device_id,
  listens as stream_count,
  layers.distinct_count(listeners) as unique_users,
  layers.distinct_count(active_users) as active_users,
  layers.distinct_count(sessions) as session_count,
  layers.distinct_count(songs) as unique_songs,
  listened_ms as listen_time,
  layers.rate(listened_ms, completed + skipped + partial) as avg_listen_time,
  completed as completed_count,
  skipped as skipped_count,
  partial as partial_count,
  layers.rate(completed, completed + skipped + partial) as completion_rate,
  layers.rate(skipped, completed + skipped + partial) as skip_rate,
  thumbs_up as like_count,
  layers.rate(thumbs_up, listens) as like_rate,
  page_views as page_view_count,
  errors as error_count,
  source, is_final
from (
  select minute as time_window, 'minute' as granularity, d.*
  from serving.minute_device as d
  where minute >= (select minutes_from from layers.minutes_shown)
  union all
  select hour, 'hour', d.*
  from serving.hour_device as d
  where hour < (select minutes_from from layers.minutes_shown)
) as devices;

create view dashboard.location_metrics as
select
  time_window, granularity, location_key as location_id,
  listens as stream_count,
  layers.distinct_count(listeners) as unique_users,
  layers.distinct_count(active_users) as active_users,
  layers.distinct_count(sessions) as session_count,
  layers.distinct_count(songs) as unique_songs,
  listened_ms as listen_time,
  layers.rate(listened_ms, completed + skipped + partial) as avg_listen_time,
  completed as completed_count,
  skipped as skipped_count,
  partial as partial_count,
  layers.rate(completed, completed + skipped + partial) as completion_rate,
  layers.rate(skipped, completed + skipped + partial) as skip_rate,
  thumbs_up as like_count,
  layers.rate(thumbs_up, listens) as like_rate,
  page_views as page_view_count,
  errors as error_count,
  source, is_final
from (
  select minute as time_window, 'minute' as granularity, l.*
  from serving.minute_location as l
  where minute >= (select minutes_from from layers.minutes_shown)
  union all
  select hour, 'hour', l.*
  from serving.hour_location as l
  where hour < (select minutes_from from layers.minutes_shown)
) as locations;

create view dashboard.hourly_metrics as
select
  hour as time_window,
  listens as stream_count,
  layers.distinct_count(listeners) as unique_users,
  layers.distinct_count(active_users) as active_users,
  layers.distinct_count(sessions) as session_count,
  layers.distinct_count(songs) as unique_songs,
  listened_ms as listen_time,
  layers.rate(listened_ms, completed + skipped + partial) as avg_listen_time,
  completed as completed_count,
  skipped as skipped_count,
  partial as partial_count,
  layers.rate(completed, completed + skipped + partial) as completion_rate,
  layers.rate(skipped, completed + skipped + partial) as skip_rate,
  thumbs_up as like_count,
  layers.rate(thumbs_up, listens) as like_rate,
  thumbs_down as dislike_count,
  playlist_adds as playlist_add_count,
  shares as share_count,
  friends_added as friend_count,
  adverts as advert_count,
  page_views as page_view_count,
  errors as error_count,
  logins as login_count,
  failed_logins as failed_login_count,
  source, is_final
from serving.hour_totals;

create view dashboard.stream_events as
select
  f.ts as event_time, u.user_id, f.song_key as song_id, layers.label(s.artist) as artist_id,
  f.device_key as device_id, f.location_key as location_id, f.session_id, f.item_in_session,
  f.level as subscription_type,
  f.duration_ms, f.listened_ms, f.outcome,
  f.outcome = 'completed' as is_completed,
  f.outcome = 'skipped' as is_skipped
from warehouse.fact_listen as f
left join warehouse.dim_user as u using (user_key)
left join warehouse.dim_song as s using (song_key);

-- Who and what the ids are.

create view dashboard.users as
select distinct on (user_id)
  user_id, first_name, last_name, gender, level as subscription_type, registration as registered_at
from (
  select *, date_bin('1 minute', last_seen, 'epoch') as loaded
  from warehouse.dim_user
  where user_id is not null
) as states
-- The speed layer knows states that no load has seen, and when by the minute.
left join (
  select user_key, max(minute) as live
  from layers.minute_user
  where not is_loaded
  group by user_key
) as seen using (user_key)
order by
  user_id, greatest(loaded, live) desc nulls last, first_seen is null desc,
  coalesce(live >= loaded, false) desc, is_current desc, user_key;

create view dashboard.songs as
select
  song_key as song_id, title, layers.label(artist) as artist_id, artist as artist_name,
  case when album is not null then layers.label(artist, album) end as album_id, album as album_title, genre,
  duration, popularity, explicit as is_explicit
from warehouse.dim_song;

create view dashboard.artists as
select layers.label(artist) as artist_id, max(artist) as name, count(*) as song_count
from warehouse.dim_song
group by layers.label(artist);

create view dashboard.albums as
select
  layers.label(artist, album) as album_id, max(album) as title, layers.label(artist) as artist_id,
  max(artist) as artist_name, count(*) as song_count
from warehouse.dim_song
where album is not null
group by layers.label(artist, album), layers.label(artist);

create view dashboard.devices as
select device_key as device_id, device_type, os, browser, user_agent
from warehouse.dim_device;

create view dashboard.locations as
select location_key as location_id, country, region, state, city, zip, lat as latitude, lon as longitude
from warehouse.dim_location;

comment on view dashboard.user_engagement_metrics is 'What each user did, by minute for the last hours and by hour before that. One row a window and user with any event.';
comment on view dashboard.content_performance_metrics is 'How each song did, by minute for the last hours and by hour before that. One row a window and song.';
comment on view dashboard.device_metrics is 'What was done on each device, by minute for the last hours and by hour before that. One row a window and device.';
comment on view dashboard.location_metrics is 'What was done at each place, by minute for the last hours and by hour before that. One row a window and place.';
comment on view dashboard.hourly_metrics is 'Everything, by hour. One row an hour with any event.';
comment on view dashboard.stream_events is 'One row a play, as of the last published load: what came after it is in the metrics, and not here. Ask for a stretch of event_time.';
comment on view dashboard.users is 'One row a user, as the user is now: a user or a plan that is new in this minute is there.';
comment on view dashboard.songs is 'One row a song; one that is new in this minute is there.';
comment on view dashboard.artists is 'One row an artist of a song.';
comment on view dashboard.albums is 'One row an album, of the songs of which it is known.';
comment on view dashboard.devices is 'One row a device: a user agent, taken apart.';
comment on view dashboard.locations is 'One row a place.';

-- A column means the same in every table that has it.
do $$
declare
  found record;
begin
  for found in
    select c.relname as table_name, m.column_name, m.meaning
    from (values
      ('time_window', 'when the window begins; events count at their own time, plays when they started'),
      ('granularity', 'how long the window is: minute or hour'),
      ('user_id', 'the user (users.user_id); null for guests, who are nobody in particular'),
      ('song_id', 'the song (songs.song_id); 0 for a play that names none'),
      ('artist_id', 'the artist (artists.artist_id): a number made of the name'),
      ('album_id', 'the album (albums.album_id): a number made of artist and title; null where no album is known'),
      ('device_id', 'the device (devices.device_id); 0 where the event does not say'),
      ('location_id', 'the place (locations.location_id); 0 where the event does not say'),
      ('stream_count', 'plays that started'),
      ('unique_users', 'distinct users with a play; exact up to 320, estimated beyond'),
      ('active_users', 'distinct users with any event; exact up to 320, estimated beyond'),
      ('session_count', 'distinct sessions with any event; exact up to 320, estimated beyond'),
      ('unique_songs', 'distinct songs played; exact up to 320, estimated beyond'),
      ('listen_time', 'time listened to plays that have ended, milliseconds'),
      ('avg_listen_time', 'time listened over ended plays, milliseconds; null where no play has ended'),
      ('completed_count', 'plays listened to for at least 90 % of the song'),
      ('skipped_count', 'plays left within 30 s for another song'),
      ('partial_count', 'other plays that have ended'),
      ('completion_rate', 'completed over ended plays, 0 to 1; null where no play has ended'),
      ('skip_rate', 'skipped over ended plays, 0 to 1; null where no play has ended'),
      ('like_count', 'likes'),
      ('like_rate', 'likes over plays; null where there was no play'),
      ('dislike_count', 'dislikes'),
      ('playlist_add_count', 'additions to a playlist'),
      ('share_count', 'times passed on'),
      ('friend_count', 'friends added'),
      ('advert_count', 'adverts'),
      ('page_view_count', 'page views of every kind'),
      ('error_count', 'page views answered with a status of 400 or more'),
      ('login_count', 'logins that succeeded'),
      ('failed_login_count', 'logins that failed'),
      ('source', 'where the row comes from: batch (loaded), speed (not loaded yet) or both'),
      ('is_final', 'true where only events that come later than the allowed lateness can change the row'),
      ('event_time', 'when the play started'),
      ('session_id', 'the session of the play'),
      ('item_in_session', 'position of the event in its session, from 0'),
      ('duration_ms', 'length of the song, milliseconds; null where the event does not say'),
      ('listened_ms', 'time listened, milliseconds; null while the play is open'),
      ('outcome', 'completed, partial or skipped; null while the play is open'),
      ('is_completed', 'whether the play was completed; null while it is open'),
      ('is_skipped', 'whether the play was skipped; null while it is open'),
      ('first_name', 'first name of the user'),
      ('last_name', 'last name of the user'),
      ('gender', 'gender, as events show it'),
      ('subscription_type', 'plan: free or paid'),
      ('registered_at', 'when the user registered'),
      ('title', 'title; titles repeat, so group by the id as well where that matters'),
      ('artist_name', 'name of the artist'),
      ('album_title', 'title of the album; null where it is not known'),
      ('genre', 'genre; null where it is not known'),
      ('duration', 'length of the song, seconds; null where events do not say'),
      ('popularity', 'popularity, 0 to 100; null where it is not known'),
      ('is_explicit', 'whether the text is explicit; null where it is not known'),
      ('name', 'name of the artist; null for songs without one'),
      ('song_count', 'songs that are known'),
      ('device_type', 'kind of device, such as desktop or mobile'),
      ('os', 'operating system'),
      ('browser', 'browser or player'),
      ('user_agent', 'the user agent as it was sent'),
      ('country', 'country, ISO 3166-1 alpha-2'),
      ('region', 'region of the country: in the United States that of the Census Bureau; else null'),
      ('state', 'state or province'),
      ('city', 'city; names repeat between states'),
      ('zip', 'postal code'),
      ('latitude', 'degrees north'),
      ('longitude', 'degrees east')
    ) as m (column_name, meaning)
    join pg_attribute as a on a.attname = m.column_name and a.attnum > 0
    join pg_class as c on c.oid = a.attrelid and c.relnamespace = 'dashboard'::regnamespace
  loop
    execute format('comment on column dashboard.%I.%I is %L', found.table_name, found.column_name, found.meaning);
  end loop;
end
$$;
