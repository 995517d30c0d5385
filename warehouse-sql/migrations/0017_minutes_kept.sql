-- The views of the rungs. Their texts are those of queries/rollup/layers.sql, layers_kept.sql and view.sql for each
-- rollup of Metrics/Rollups/Rollup.swift; a test compares them.

alter table batch.published add column minutes_from timestamptz not null default '-infinity';
comment on column batch.published.minutes_from is 'rollups but minute_totals have no minutes before this; hours and days have all';

create or replace view layers.minute_totals as
select
  minute, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.minute_totals
union all
select
  layers.minute_of(minute), listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_totals
where epoch > (select loaded_epoch from batch.published);

create or replace view serving.minute_totals as
select
  minute,
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
  bool_and(is_loaded) and layers.minute_end(minute) <= (select final_before from batch.published) as is_final
from layers.minute_totals
group by minute;

create or replace view layers.minute_song as
select
  minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners, true as is_loaded
from batch.minute_song
where minute >= (select minutes_from from batch.published)
union all
select
  minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, listeners, false
from speed.minute_song
where epoch > (select loaded_epoch from batch.published)
  and minute >= (select minutes_from from batch.published);

create or replace view serving.minute_song as
select
  minute, song_key,
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
  bool_and(is_loaded) and layers.minute_end(minute) <= (select final_before from batch.published) as is_final
from layers.minute_song
group by minute, song_key;

create or replace view layers.minute_user as
select
  minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs, true as is_loaded
from batch.minute_user
where minute >= (select minutes_from from batch.published)
union all
select
  minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  sessions, songs, false
from speed.minute_user
where epoch > (select loaded_epoch from batch.published)
  and minute >= (select minutes_from from batch.published);

create or replace view serving.minute_user as
select
  minute, user_key,
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
  bool_and(is_loaded) and layers.minute_end(minute) <= (select final_before from batch.published) as is_final
from layers.minute_user
group by minute, user_key;

create or replace view layers.minute_location as
select
  minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.minute_location
where minute >= (select minutes_from from batch.published)
union all
select
  minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, false
from speed.minute_location
where epoch > (select loaded_epoch from batch.published)
  and minute >= (select minutes_from from batch.published);

create or replace view serving.minute_location as
select
  minute, location_key,
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
  bool_and(is_loaded) and layers.minute_end(minute) <= (select final_before from batch.published) as is_final
from layers.minute_location
group by minute, location_key;

create or replace view layers.minute_device as
select
  minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, true as is_loaded
from batch.minute_device
where minute >= (select minutes_from from batch.published)
union all
select
  minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
  playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
  listeners, active_users, sessions, songs, false
from speed.minute_device
where epoch > (select loaded_epoch from batch.published)
  and minute >= (select minutes_from from batch.published);

create or replace view serving.minute_device as
select
  minute, device_key,
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
  bool_and(is_loaded) and layers.minute_end(minute) <= (select final_before from batch.published) as is_final
from layers.minute_device
group by minute, device_key;

create or replace view layers.minute_audience as
select
  minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, true as is_loaded
from batch.minute_audience
where minute >= (select minutes_from from batch.published)
union all
select
  minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
  thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
  failed_logins, listeners, active_users, sessions, songs, false
from speed.minute_audience
where epoch > (select loaded_epoch from batch.published)
  and minute >= (select minutes_from from batch.published);

create or replace view serving.minute_audience as
select
  minute, gender, level,
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
  bool_and(is_loaded) and layers.minute_end(minute) <= (select final_before from batch.published) as is_final
from layers.minute_audience
group by minute, gender, level;

create or replace view layers.minute_page as
select
  minute, page, method, status, auth, level, page_views, errors, active_users, sessions, true as
  is_loaded
from batch.minute_page
where minute >= (select minutes_from from batch.published)
union all
select
  minute, page, method, status, auth, level, page_views, errors, active_users, sessions, false
from speed.minute_page
where epoch > (select loaded_epoch from batch.published)
  and minute >= (select minutes_from from batch.published);

create or replace view serving.minute_page as
select
  minute, page, method, status, auth, level,
  coalesce(sum(page_views), 0)::bigint as page_views,
  coalesce(sum(errors), 0)::bigint as errors,
  coalesce(hll_union_agg(active_users), hll_empty(12, 5, -1, 1)) as active_users,
  coalesce(hll_union_agg(sessions), hll_empty(12, 5, -1, 1)) as sessions,
  case when bool_and(is_loaded) then 'batch' when bool_or(is_loaded) then 'both' else 'speed' end as source,
  bool_and(is_loaded) and layers.minute_end(minute) <= (select final_before from batch.published) as is_final
from layers.minute_page
group by minute, page, method, status, auth, level;
