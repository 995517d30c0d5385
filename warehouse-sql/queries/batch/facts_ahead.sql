-- Loaded events later than what their topic's partitions have all reached.
select u.user_id, f.session_id, f.item_in_session, f.ts
from warehouse.{fact} as f
join warehouse.dim_user as u using (user_key)
where f.ts > $1
