-- Gives page views that are credited to another song than their facts say the song that this load has found. Such a page view
-- names no song itself, which most page views that are no engagement tell without being looked up.
update {fact} as f
set credited_song_key = c.credited_song_key
from {changes} as c
where f.ts = c.ts
  and f.session_id = c.session_id
  and f.item_in_session = c.item_in_session
  and f.user_key = c.user_key
  and f.song_key = 0
  and f.engagement is not null
  and f.ts >= $1 and f.ts <= $2
