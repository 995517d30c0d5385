insert into undo.listen_change
select f.ts, f.user_key, f.session_id, f.item_in_session, f.listened_ms, f.outcome
from {fact} as f
join stage.{table} as c using (ts, user_key, session_id, item_in_session)
where f.ts >= $1 and f.ts <= $2
