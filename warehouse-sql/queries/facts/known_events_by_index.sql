-- As known_events.sql, for events that lie far apart: each is looked up by the index of its day, to which ts leads as far as the
-- month and date_key from there (docs/decisions/0040). `offset 0` keeps the planner from reading all days at once.
select i.ordinal
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
  with ordinality as i (ts_ms, user_id, session_id, item_in_session, ordinal)
cross join lateral (
  select user_key
  from {table}
  where ts = to_timestamp(i.ts_ms / 1000) + i.ts_ms % 1000 * interval '1 millisecond'
    and date_key = to_char(to_timestamp(i.ts_ms / 1000) at time zone 'UTC', 'YYYYMMDD')::integer
    and session_id = i.session_id
    and item_in_session = i.item_in_session
    and {which}
  offset 0
) as f
join warehouse.dim_user as u on u.user_key = f.user_key
where coalesce(u.user_id, -9223372036854775808) = i.user_id
