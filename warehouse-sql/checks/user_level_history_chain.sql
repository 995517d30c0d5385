-- severity: error
-- The intervals of a user's plans follow each other without gap or overlap, and only the last is open.
with intervals as (
  select
    user_id, level, valid_from, valid_to,
    lead(valid_from) over (partition by user_id order by valid_from) as next_from
  from warehouse.user_level_history
  where $1::timestamptz <= $2::timestamptz
)
select user_id, level, valid_from, valid_to, next_from
from intervals
where valid_to is distinct from next_from
