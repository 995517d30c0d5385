-- Rollups by the day, both layers. As in 0017_minutes_kept.sql, a test compares the texts with their templates.

create view layers.day_totals as
select
  day, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
  shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
  active_users, sessions, songs, true as is_loaded
from batch.day_totals
union all
select
  layers.day_of(minute), listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_totals
where epoch > (select loaded_epoch from batch.published);
comment on view layers.day_totals is 'The rows that count now, everything, by day: those of the published load, and those of later epochs (is_loaded false).';

create view serving.day_totals as
select
  day,
  coalesce(sum(listens), 0)::bigint as listens,
  coalesce(sum(listened_ms), 0)::bigint as listened_ms,
  coalesce(sum(completed), 0)::bigint as completed,
  coalesce(sum(skipped), 0)::bigint as skipped,
  coalesce(sum(partial), 0)::bigint as partial,
  coalesce(sum(thumbs_up), 0)::bigint as thumbs_up,
  coalesce(sum(thumbs_down), 0)::bigint as thumbs_down,
  coalesce(sum(playlist_adds), 0)::bigint as playlist_adds,
  coalesce(sum(shares), 0)::bigint as shares,
  coalesce(sum(friends_added), 0)::bigint as friends_added,
  coalesce(sum(adverts), 0)::bigint as adverts,
  coalesce(sum(page_views), 0)::bigint as page_views,
  coalesce(sum(errors), 0)::bigint as errors,
  coalesce(sum(logins), 0)::bigint as logins,
  coalesce(sum(failed_logins), 0)::bigint as failed_logins,
  coalesce(hll_union_agg(listeners), hll_empty(12, 5, -1, 1)) as listeners,
  coalesce(hll_union_agg(active_users), hll_empty(12, 5, -1, 1)) as active_users,
  coalesce(hll_union_agg(sessions), hll_empty(12, 5, -1, 1)) as sessions,
  coalesce(hll_union_agg(songs), hll_empty(12, 5, -1, 1)) as songs,
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.day_end(day) <= (select final_before from batch.published) as is_final
from layers.day_totals
group by day;
comment on view serving.day_totals is 'Everything, by day. Both layers, each event once; source says which layers a row comes from.';

create view layers.day_song as
select
  day, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners, true as is_loaded
from batch.day_song
union all
select
  layers.day_of(minute), song_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, listeners, false
from speed.minute_song
where epoch > (select loaded_epoch from batch.published);
comment on view layers.day_song is 'The rows that count now, by song, by day: those of the published load, and those of later epochs (is_loaded false).';

create view serving.day_song as
select
  day, song_key,
  coalesce(sum(listens), 0)::bigint as listens,
  coalesce(sum(listened_ms), 0)::bigint as listened_ms,
  coalesce(sum(completed), 0)::bigint as completed,
  coalesce(sum(skipped), 0)::bigint as skipped,
  coalesce(sum(partial), 0)::bigint as partial,
  coalesce(sum(thumbs_up), 0)::bigint as thumbs_up,
  coalesce(sum(thumbs_down), 0)::bigint as thumbs_down,
  coalesce(sum(playlist_adds), 0)::bigint as playlist_adds,
  coalesce(sum(shares), 0)::bigint as shares,
  coalesce(sum(friends_added), 0)::bigint as friends_added,
  coalesce(sum(adverts), 0)::bigint as adverts,
  coalesce(hll_union_agg(listeners), hll_empty(12, 5, -1, 1)) as listeners,
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.day_end(day) <= (select final_before from batch.published) as is_final
from layers.day_song
group by day, song_key;
comment on view serving.day_song is 'By song, by day. Both layers, each event once; source says which layers a row comes from.';

create view layers.day_user as
select
  day, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs, true as is_loaded
from batch.day_user
union all
select
  layers.day_of(minute), user_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, sessions, songs, false
from speed.minute_user
where epoch > (select loaded_epoch from batch.published);
comment on view layers.day_user is 'The rows that count now, by state of a user, by day: those of the published load, and those of later epochs (is_loaded false).';

create view serving.day_user as
select
  day, user_key,
  coalesce(sum(listens), 0)::bigint as listens,
  coalesce(sum(listened_ms), 0)::bigint as listened_ms,
  coalesce(sum(completed), 0)::bigint as completed,
  coalesce(sum(skipped), 0)::bigint as skipped,
  coalesce(sum(partial), 0)::bigint as partial,
  coalesce(sum(thumbs_up), 0)::bigint as thumbs_up,
  coalesce(sum(thumbs_down), 0)::bigint as thumbs_down,
  coalesce(sum(playlist_adds), 0)::bigint as playlist_adds,
  coalesce(sum(shares), 0)::bigint as shares,
  coalesce(sum(friends_added), 0)::bigint as friends_added,
  coalesce(sum(adverts), 0)::bigint as adverts,
  coalesce(sum(page_views), 0)::bigint as page_views,
  coalesce(sum(errors), 0)::bigint as errors,
  coalesce(sum(logins), 0)::bigint as logins,
  coalesce(sum(failed_logins), 0)::bigint as failed_logins,
  coalesce(hll_union_agg(sessions), hll_empty(12, 5, -1, 1)) as sessions,
  coalesce(hll_union_agg(songs), hll_empty(12, 5, -1, 1)) as songs,
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.day_end(day) <= (select final_before from batch.published) as is_final
from layers.day_user
group by day, user_key;
comment on view serving.day_user is 'By state of a user, by day. Both layers, each event once; source says which layers a row comes from.';

create view layers.day_location as
select
  day, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.day_location
union all
select
  layers.day_of(minute), location_key, listens, listened_ms, completed, skipped, partial,
  thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors,
  logins, failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_location
where epoch > (select loaded_epoch from batch.published);
comment on view layers.day_location is 'The rows that count now, by place, by day: those of the published load, and those of later epochs (is_loaded false).';

create view serving.day_location as
select
  day, location_key,
  coalesce(sum(listens), 0)::bigint as listens,
  coalesce(sum(listened_ms), 0)::bigint as listened_ms,
  coalesce(sum(completed), 0)::bigint as completed,
  coalesce(sum(skipped), 0)::bigint as skipped,
  coalesce(sum(partial), 0)::bigint as partial,
  coalesce(sum(thumbs_up), 0)::bigint as thumbs_up,
  coalesce(sum(thumbs_down), 0)::bigint as thumbs_down,
  coalesce(sum(playlist_adds), 0)::bigint as playlist_adds,
  coalesce(sum(shares), 0)::bigint as shares,
  coalesce(sum(friends_added), 0)::bigint as friends_added,
  coalesce(sum(adverts), 0)::bigint as adverts,
  coalesce(sum(page_views), 0)::bigint as page_views,
  coalesce(sum(errors), 0)::bigint as errors,
  coalesce(sum(logins), 0)::bigint as logins,
  coalesce(sum(failed_logins), 0)::bigint as failed_logins,
  coalesce(hll_union_agg(listeners), hll_empty(12, 5, -1, 1)) as listeners,
  coalesce(hll_union_agg(active_users), hll_empty(12, 5, -1, 1)) as active_users,
  coalesce(hll_union_agg(sessions), hll_empty(12, 5, -1, 1)) as sessions,
  coalesce(hll_union_agg(songs), hll_empty(12, 5, -1, 1)) as songs,
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.day_end(day) <= (select final_before from batch.published) as is_final
from layers.day_location
group by day, location_key;
comment on view serving.day_location is 'By place, by day. Both layers, each event once; source says which layers a row comes from.';

create view layers.day_device as
select
  day, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.day_device
union all
select
  layers.day_of(minute), device_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_device
where epoch > (select loaded_epoch from batch.published);
comment on view layers.day_device is 'The rows that count now, by user agent, by day: those of the published load, and those of later epochs (is_loaded false).';

create view serving.day_device as
select
  day, device_key,
  coalesce(sum(listens), 0)::bigint as listens,
  coalesce(sum(listened_ms), 0)::bigint as listened_ms,
  coalesce(sum(completed), 0)::bigint as completed,
  coalesce(sum(skipped), 0)::bigint as skipped,
  coalesce(sum(partial), 0)::bigint as partial,
  coalesce(sum(thumbs_up), 0)::bigint as thumbs_up,
  coalesce(sum(thumbs_down), 0)::bigint as thumbs_down,
  coalesce(sum(playlist_adds), 0)::bigint as playlist_adds,
  coalesce(sum(shares), 0)::bigint as shares,
  coalesce(sum(friends_added), 0)::bigint as friends_added,
  coalesce(sum(adverts), 0)::bigint as adverts,
  coalesce(sum(page_views), 0)::bigint as page_views,
  coalesce(sum(errors), 0)::bigint as errors,
  coalesce(sum(logins), 0)::bigint as logins,
  coalesce(sum(failed_logins), 0)::bigint as failed_logins,
  coalesce(hll_union_agg(listeners), hll_empty(12, 5, -1, 1)) as listeners,
  coalesce(hll_union_agg(active_users), hll_empty(12, 5, -1, 1)) as active_users,
  coalesce(hll_union_agg(sessions), hll_empty(12, 5, -1, 1)) as sessions,
  coalesce(hll_union_agg(songs), hll_empty(12, 5, -1, 1)) as songs,
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.day_end(day) <= (select final_before from batch.published) as is_final
from layers.day_device
group by day, device_key;
comment on view serving.day_device is 'By user agent, by day. Both layers, each event once; source says which layers a row comes from.';

create view layers.day_audience as
select
  day, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.day_audience
union all
select
  layers.day_of(minute), gender, level, listens, listened_ms, completed, skipped, partial,
  thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors,
  logins, failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_audience
where epoch > (select loaded_epoch from batch.published);
comment on view layers.day_audience is 'The rows that count now, by gender and plan; ''unknown'' where an event shows none, by day: those of the published load, and those of later epochs (is_loaded false).';

create view serving.day_audience as
select
  day, gender, level,
  coalesce(sum(listens), 0)::bigint as listens,
  coalesce(sum(listened_ms), 0)::bigint as listened_ms,
  coalesce(sum(completed), 0)::bigint as completed,
  coalesce(sum(skipped), 0)::bigint as skipped,
  coalesce(sum(partial), 0)::bigint as partial,
  coalesce(sum(thumbs_up), 0)::bigint as thumbs_up,
  coalesce(sum(thumbs_down), 0)::bigint as thumbs_down,
  coalesce(sum(playlist_adds), 0)::bigint as playlist_adds,
  coalesce(sum(shares), 0)::bigint as shares,
  coalesce(sum(friends_added), 0)::bigint as friends_added,
  coalesce(sum(adverts), 0)::bigint as adverts,
  coalesce(sum(page_views), 0)::bigint as page_views,
  coalesce(sum(errors), 0)::bigint as errors,
  coalesce(sum(logins), 0)::bigint as logins,
  coalesce(sum(failed_logins), 0)::bigint as failed_logins,
  coalesce(hll_union_agg(listeners), hll_empty(12, 5, -1, 1)) as listeners,
  coalesce(hll_union_agg(active_users), hll_empty(12, 5, -1, 1)) as active_users,
  coalesce(hll_union_agg(sessions), hll_empty(12, 5, -1, 1)) as sessions,
  coalesce(hll_union_agg(songs), hll_empty(12, 5, -1, 1)) as songs,
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.day_end(day) <= (select final_before from batch.published) as is_final
from layers.day_audience
group by day, gender, level;
comment on view serving.day_audience is 'By gender and plan; ''unknown'' where an event shows none, by day. Both layers, each event once; source says which layers a row comes from.';

create view layers.day_page as
select
  day, page, method, status, auth, level, page_views, errors, active_users, sessions, true as
  is_loaded
from batch.day_page
union all
select
  layers.day_of(minute), page, method, status, auth, level, page_views, errors, active_users,
  sessions, false
from speed.minute_page
where epoch > (select loaded_epoch from batch.published);
comment on view layers.day_page is 'The rows that count now, page views by what was requested; '''' and 0 where an event does not say, by day: those of the published load, and those of later epochs (is_loaded false).';

create view serving.day_page as
select
  day, page, method, status, auth, level,
  coalesce(sum(page_views), 0)::bigint as page_views,
  coalesce(sum(errors), 0)::bigint as errors,
  coalesce(hll_union_agg(active_users), hll_empty(12, 5, -1, 1)) as active_users,
  coalesce(hll_union_agg(sessions), hll_empty(12, 5, -1, 1)) as sessions,
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.day_end(day) <= (select final_before from batch.published) as is_final
from layers.day_page
group by day, page, method, status, auth, level;
comment on view serving.day_page is 'Page views by what was requested; '''' and 0 where an event does not say, by day. Both layers, each event once; source says which layers a row comes from.';
