-- Adds up the closed minutes' rows of one key in a stretch of minute_device, in one statement, so that every
-- reader sees either them or their sum. Rows are only ever appended beside this, never changed.
with counted as (
  select ctid as place, count(*) over (partition by minute, device_key) as rows
  from {table}
  where ctid >= $1::text::tid and ctid < $2::text::tid and minute < $3
),
taken as (
  delete from {table} as t
  using counted as c
  where t.ctid = c.place and c.rows > 1
  returning t.*
)
insert into {table}
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
from taken
group by minute, device_key
