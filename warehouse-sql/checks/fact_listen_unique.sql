-- severity: error
-- An event is in fact_listen once: one row for each user, session_id, item_in_session and ts.
-- in loads: warning
-- In loads a breach is only a warning: where a producer gives an event to two partitions (a topic that has grown,
-- records without keys) both copies count, and as an error they would stop this load and every later one.
-- Events are compared by user_id, as a redelivery may show another state of the user; guests count as one user.
-- Users are looked up only where all else is equal, which is almost never. A load of more than a million events looks
-- at one session in sixteen, at each load at other ones.
with suspects as materialized (
  select ts, session_id, item_in_session
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz and {sample}
  group by ts, session_id, item_in_session
  having count(*) > 1
)
select u.user_id, session_id, item_in_session, ts, count(*) as copies
from suspects
join warehouse.fact_listen as f using (ts, session_id, item_in_session)
left join warehouse.dim_user as u using (user_key)
where f.ts >= $1::timestamptz and f.ts < $2::timestamptz
group by u.user_id, session_id, item_in_session, ts
having count(*) > 1
