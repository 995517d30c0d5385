-- The ordinal numbers, from 1, of those of the given events that are in a table of facts. The least bigint
-- stands for no user. {which} is the column that says whether a row counts, or true.
select i.ordinal
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
  with ordinality as i (ts_ms, user_id, session_id, item_in_session, ordinal)
join {table} as f
  on f.ts = to_timestamp(i.ts_ms / 1000) + i.ts_ms % 1000 * interval '1 millisecond'
  and f.session_id = i.session_id
  and f.item_in_session = i.item_in_session
join warehouse.dim_user as u on u.user_key = f.user_key
where f.ts >= $5 and f.ts < $6 and {which}
  and coalesce(u.user_id, -9223372036854775808) = i.user_id
