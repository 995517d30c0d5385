-- The ordinal numbers, from 1, of those of the given events whose user was seen in their hour, in whichever state; of events of
-- nobody, for which the least bigint stands, all. `limit 1` has each event looked up by the indexes.
select i.ordinal
from unnest($1::bigint[], $2::bigint[]) with ordinality as i (ts_ms, user_id, ordinal)
where i.user_id = -9223372036854775808
union all
select i.ordinal
from unnest($1::bigint[], $2::bigint[]) with ordinality as i (ts_ms, user_id, ordinal)
cross join lateral (
  select h.user_key
  from warehouse.dim_user as u
  join {hour_user} as h on h.user_key = u.user_key
  where u.user_id = i.user_id
    and h.hour = layers.hour_of(to_timestamp(i.ts_ms / 1000))
  limit 1
) as seen
