-- Gives page views that are credited to another song than their facts say the song that this load has found.
update {fact} as f
set credited_song_key = c.credited_song_key
from {changes} as c
where f.ts = c.ts
  and f.session_id = c.session_id
  and f.item_in_session = c.item_in_session
  and f.user_key = c.user_key
  and f.ts >= $1 and f.ts <= $2
