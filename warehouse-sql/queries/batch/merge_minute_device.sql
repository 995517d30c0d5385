-- Adds staged rows to minute_device: counters by sum, sketches by union; null is 0, or the empty sketch. Staged
-- rows of one key are added up first.
insert into {target} as t
  (minute, device_key,
   listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
   shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
   active_users, sessions, songs)
select
  minute, device_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), nullif(sum(page_views), 0),
  nullif(sum(errors), 0), nullif(sum(logins), 0), nullif(sum(failed_logins), 0),
  hll_union_agg(listeners), hll_union_agg(active_users), hll_union_agg(sessions),
  hll_union_agg(songs)
from stage.{table}
group by minute, device_key
on conflict (minute, device_key) do update
set
  listens = nullif(coalesce(t.listens, 0) + coalesce(excluded.listens, 0), 0),
  listened_ms = nullif(coalesce(t.listened_ms, 0) + coalesce(excluded.listened_ms, 0), 0),
  completed = nullif(coalesce(t.completed, 0) + coalesce(excluded.completed, 0), 0),
  skipped = nullif(coalesce(t.skipped, 0) + coalesce(excluded.skipped, 0), 0),
  partial = nullif(coalesce(t.partial, 0) + coalesce(excluded.partial, 0), 0),
  thumbs_up = nullif(coalesce(t.thumbs_up, 0) + coalesce(excluded.thumbs_up, 0), 0),
  thumbs_down = nullif(coalesce(t.thumbs_down, 0) + coalesce(excluded.thumbs_down, 0), 0),
  playlist_adds = nullif(coalesce(t.playlist_adds, 0) + coalesce(excluded.playlist_adds, 0), 0),
  shares = nullif(coalesce(t.shares, 0) + coalesce(excluded.shares, 0), 0),
  friends_added = nullif(coalesce(t.friends_added, 0) + coalesce(excluded.friends_added, 0), 0),
  adverts = nullif(coalesce(t.adverts, 0) + coalesce(excluded.adverts, 0), 0),
  page_views = nullif(coalesce(t.page_views, 0) + coalesce(excluded.page_views, 0), 0),
  errors = nullif(coalesce(t.errors, 0) + coalesce(excluded.errors, 0), 0),
  logins = nullif(coalesce(t.logins, 0) + coalesce(excluded.logins, 0), 0),
  failed_logins = nullif(coalesce(t.failed_logins, 0) + coalesce(excluded.failed_logins, 0), 0),
  listeners = coalesce(hll_union(t.listeners, excluded.listeners), t.listeners, excluded.listeners),
  active_users = coalesce(hll_union(t.active_users, excluded.active_users), t.active_users, excluded.active_users),
  sessions = coalesce(hll_union(t.sessions, excluded.sessions), t.sessions, excluded.sessions),
  songs = coalesce(hll_union(t.songs, excluded.songs), t.songs, excluded.songs)
