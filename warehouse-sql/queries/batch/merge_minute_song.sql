-- Adds staged rows to minute_song: counters by sum, sketches by union; null is 0, or the empty sketch. Staged
-- rows of one key are added up first.
insert into {target} as t
  (minute, song_key,
   listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
   shares, friends_added, adverts, listeners)
select
  minute, song_key,
  nullif(sum(listens), 0), nullif(sum(listened_ms), 0), nullif(sum(completed), 0),
  nullif(sum(skipped), 0), nullif(sum(partial), 0), nullif(sum(thumbs_up), 0),
  nullif(sum(thumbs_down), 0), nullif(sum(playlist_adds), 0), nullif(sum(shares), 0),
  nullif(sum(friends_added), 0), nullif(sum(adverts), 0), hll_union_agg(listeners)
from stage.{table}
group by minute, song_key
on conflict (minute, song_key) do update
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
  listeners = coalesce(hll_union(t.listeners, excluded.listeners), t.listeners, excluded.listeners)
