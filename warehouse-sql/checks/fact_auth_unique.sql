-- severity: error
-- An event is in fact_auth once: one row for each user, session_id, item_in_session and ts.
-- By user_id, not user_key: a redelivery may show another state of the user. Guests count as one user.
select u.user_id, f.session_id, f.item_in_session, f.ts, count(*) as copies
from warehouse.fact_auth as f
left join warehouse.dim_user as u using (user_key)
where f.ts >= $1::timestamptz and f.ts < $2::timestamptz
group by f.ts, f.session_id, f.item_in_session, u.user_id
having count(*) > 1
