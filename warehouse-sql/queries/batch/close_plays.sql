-- Gives plays that were open, or could still change, when an earlier load wrote them the outcome that this
-- load has found.
update {fact} as f
set outcome = c.outcome, listened_ms = c.listened_ms
from {changes} as c
where f.ts = c.ts
  and f.session_id = c.session_id
  and f.item_in_session = c.item_in_session
  and f.user_key = c.user_key
  and f.ts >= $1 and f.ts <= $2
