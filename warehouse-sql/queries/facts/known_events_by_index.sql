-- As known_events.sql, for events that lie far apart: each is looked up by the index of its day. `offset 0` keeps the planner
-- from reading all days at once.
select i.ordinal
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
  with ordinality as i (ts_ms, user_id, session_id, item_in_session, ordinal)
cross join lateral (
  select user_key
  from {table}
  where ts = to_timestamp(i.ts_ms / 1000) + i.ts_ms % 1000 * interval '1 millisecond'
    and session_id = i.session_id
    and item_in_session = i.item_in_session
    and {which}
  offset 0
) as f
join warehouse.dim_user as u on u.user_key = f.user_key
where coalesce(u.user_id, -9223372036854775808) = i.user_id
