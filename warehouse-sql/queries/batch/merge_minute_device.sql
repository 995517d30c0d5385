-- Adds staged rows to minute_device: counters by sum, sketches by union (null is the empty sketch). Staged
-- rows of one key are added up first.
insert into {target} as t
  (minute, device_key,
   listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
   shares, friends_added, adverts, page_views, errors, logins, failed_logins, listeners,
   active_users, sessions, songs)
select
  minute, device_key,
  sum(listens), sum(listened_ms), sum(completed), sum(skipped), sum(partial), sum(thumbs_up),
  sum(thumbs_down), sum(playlist_adds), sum(shares), sum(friends_added), sum(adverts),
  sum(page_views), sum(errors), sum(logins), sum(failed_logins), hll_union_agg(listeners),
  hll_union_agg(active_users), hll_union_agg(sessions), hll_union_agg(songs)
from stage.{table}
group by minute, device_key
on conflict (minute, device_key) do update
set
  listens = t.listens + excluded.listens,
  listened_ms = t.listened_ms + excluded.listened_ms,
  completed = t.completed + excluded.completed,
  skipped = t.skipped + excluded.skipped,
  partial = t.partial + excluded.partial,
  thumbs_up = t.thumbs_up + excluded.thumbs_up,
  thumbs_down = t.thumbs_down + excluded.thumbs_down,
  playlist_adds = t.playlist_adds + excluded.playlist_adds,
  shares = t.shares + excluded.shares,
  friends_added = t.friends_added + excluded.friends_added,
  adverts = t.adverts + excluded.adverts,
  page_views = t.page_views + excluded.page_views,
  errors = t.errors + excluded.errors,
  logins = t.logins + excluded.logins,
  failed_logins = t.failed_logins + excluded.failed_logins,
  listeners = coalesce(hll_union(t.listeners, excluded.listeners), t.listeners, excluded.listeners),
  active_users = coalesce(hll_union(t.active_users, excluded.active_users), t.active_users, excluded.active_users),
  sessions = coalesce(hll_union(t.sessions, excluded.sessions), t.sessions, excluded.sessions),
  songs = coalesce(hll_union(t.songs, excluded.songs), t.songs, excluded.songs)
