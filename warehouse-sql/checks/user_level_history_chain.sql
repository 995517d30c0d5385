-- severity: error
-- The intervals of a user's plans follow each other without gap or overlap, and only the last is open.
-- Of users with an interval that begins or ends within the bounds: a load changes no others.
with changed as materialized (
  select distinct user_id
  from warehouse.user_level_history
  where (valid_from >= $1::timestamptz and valid_from < $2::timestamptz)
    or (valid_to >= $1::timestamptz and valid_to < $2::timestamptz)
),
intervals as (
  select
    user_id, level, valid_from, valid_to,
    lead(valid_from) over (partition by user_id order by valid_from) as next_from
  from warehouse.user_level_history
  join changed using (user_id)
)
select user_id, level, valid_from, valid_to, next_from
from intervals
where valid_to is distinct from next_from
