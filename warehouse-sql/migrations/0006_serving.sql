-- Merged reads: batch rows plus the speed rows of epochs later than the last loaded one. One statement
-- is one snapshot, and a load publishes its rows and loaded_epoch in one transaction, so a reader sees
-- either the state before a load or the state after it. Nothing here computes a measure: counters are
-- summed and sketches united, whatever they mean.

create view serving.minute_totals as
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
  case when bool_and(loaded) then 'batch' when bool_or(loaded) then 'both' else 'speed' end as source,
  bool_and(loaded) and minute < (select final_before from batch.published) as is_final
from (
  select
    minute, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
    playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
    listeners, active_users, sessions, songs, true as loaded
  from batch.minute_totals
  union all
  select
    minute, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
    playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
    listeners, active_users, sessions, songs, false
  from speed.minute_totals
  where epoch > (select loaded_epoch from batch.published)
) as layers
group by minute;
comment on view serving.minute_totals is 'Everything, by minute. Both layers, each event once; source says which layers a row comes from.';

create view serving.minute_song as
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
  case when bool_and(loaded) then 'batch' when bool_or(loaded) then 'both' else 'speed' end as source,
  bool_and(loaded) and minute < (select final_before from batch.published) as is_final
from (
  select
    minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
    playlist_adds, shares, friends_added, adverts, listeners, true as loaded
  from batch.minute_song
  union all
  select
    minute, song_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
    playlist_adds, shares, friends_added, adverts, listeners, false
  from speed.minute_song
  where epoch > (select loaded_epoch from batch.published)
) as layers
group by minute, song_key;
comment on view serving.minute_song is 'By song. Both layers, each event once; source says which layers a row comes from.';

create view serving.minute_user as
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
  case when bool_and(loaded) then 'batch' when bool_or(loaded) then 'both' else 'speed' end as source,
  bool_and(loaded) and minute < (select final_before from batch.published) as is_final
from (
  select
    minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
    playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
    sessions, songs, true as loaded
  from batch.minute_user
  union all
  select
    minute, user_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
    playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
    sessions, songs, false
  from speed.minute_user
  where epoch > (select loaded_epoch from batch.published)
) as layers
group by minute, user_key;
comment on view serving.minute_user is 'By state of a user. Both layers, each event once; source says which layers a row comes from.';

create view serving.minute_location as
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
  case when bool_and(loaded) then 'batch' when bool_or(loaded) then 'both' else 'speed' end as source,
  bool_and(loaded) and minute < (select final_before from batch.published) as is_final
from (
  select
    minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
    thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
    failed_logins, listeners, active_users, sessions, songs, true as loaded
  from batch.minute_location
  union all
  select
    minute, location_key, listens, listened_ms, completed, skipped, partial, thumbs_up,
    thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
    failed_logins, listeners, active_users, sessions, songs, false
  from speed.minute_location
  where epoch > (select loaded_epoch from batch.published)
) as layers
group by minute, location_key;
comment on view serving.minute_location is 'By place. Both layers, each event once; source says which layers a row comes from.';

create view serving.minute_device as
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
  case when bool_and(loaded) then 'batch' when bool_or(loaded) then 'both' else 'speed' end as source,
  bool_and(loaded) and minute < (select final_before from batch.published) as is_final
from (
  select
    minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
    playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
    listeners, active_users, sessions, songs, true as loaded
  from batch.minute_device
  union all
  select
    minute, device_key, listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down,
    playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins,
    listeners, active_users, sessions, songs, false
  from speed.minute_device
  where epoch > (select loaded_epoch from batch.published)
) as layers
group by minute, device_key;
comment on view serving.minute_device is 'By user agent. Both layers, each event once; source says which layers a row comes from.';

create view serving.minute_audience as
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
  case when bool_and(loaded) then 'batch' when bool_or(loaded) then 'both' else 'speed' end as source,
  bool_and(loaded) and minute < (select final_before from batch.published) as is_final
from (
  select
    minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
    thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
    failed_logins, listeners, active_users, sessions, songs, true as loaded
  from batch.minute_audience
  union all
  select
    minute, gender, level, listens, listened_ms, completed, skipped, partial, thumbs_up,
    thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins,
    failed_logins, listeners, active_users, sessions, songs, false
  from speed.minute_audience
  where epoch > (select loaded_epoch from batch.published)
) as layers
group by minute, gender, level;
comment on view serving.minute_audience is 'By gender and plan; ''unknown'' where an event shows none. Both layers, each event once; source says which layers a row comes from.';

create view serving.minute_page as
select
  minute, page, method, status, auth, level,
  coalesce(sum(page_views), 0)::bigint as page_views,
  coalesce(sum(errors), 0)::bigint as errors,
  coalesce(hll_union_agg(active_users), hll_empty(12, 5, -1, 1)) as active_users,
  coalesce(hll_union_agg(sessions), hll_empty(12, 5, -1, 1)) as sessions,
  case when bool_and(loaded) then 'batch' when bool_or(loaded) then 'both' else 'speed' end as source,
  bool_and(loaded) and minute < (select final_before from batch.published) as is_final
from (
  select
    minute, page, method, status, auth, level, page_views, errors, active_users, sessions,
    true as loaded
  from batch.minute_page
  union all
  select
    minute, page, method, status, auth, level, page_views, errors, active_users, sessions, false
  from speed.minute_page
  where epoch > (select loaded_epoch from batch.published)
) as layers
group by minute, page, method, status, auth, level;
comment on view serving.minute_page is 'Page views by what was requested; '''' and 0 where an event does not say. Both layers, each event once; source says which layers a row comes from.';
