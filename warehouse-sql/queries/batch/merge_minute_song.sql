-- Adds staged rows to minute_song: counters by sum, sketches by union (null is the empty sketch). Staged
-- rows of one key are added up first.
insert into {target} as t
  (minute, song_key,
   listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds,
   shares, friends_added, adverts, listeners)
select
  minute, song_key,
  sum(listens), sum(listened_ms), sum(completed), sum(skipped), sum(partial), sum(thumbs_up),
  sum(thumbs_down), sum(playlist_adds), sum(shares), sum(friends_added), sum(adverts),
  hll_union_agg(listeners)
from stage.{table}
group by minute, song_key
on conflict (minute, song_key) do update
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
  listeners = coalesce(hll_union(t.listeners, excluded.listeners), t.listeners, excluded.listeners)
