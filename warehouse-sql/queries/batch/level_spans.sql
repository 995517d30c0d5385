-- The plans on which the users that a load has touched were seen from their first event in the load on. For
-- each plan: its first and last event, the plan of the same user whose first event came just before, and the
-- plan that the history has before all of them. Where a user's plans follow each other without overlap, their spans
-- tell when each began. Where the plans alternate (the user is tangled), only the single facts tell it.
create table stage.{spans} as
with touched as (
  select u.user_id, min(s.first_seen) as since
  from {seen} as s
  join warehouse.dim_user as u using (user_key)
  where u.user_id is not null and u.level is not null
  group by u.user_id
),
before as (
  select distinct on (t.user_id) t.user_id, h.level, h.valid_from
  from touched as t
  join warehouse.user_level_history as h on h.user_id = t.user_id and h.valid_from < t.since
  order by t.user_id, h.valid_from desc
),
plans as (
  select
    t.user_id, t.since, u.level, min(u.first_seen) as first_seen, max(u.last_seen) as last_seen
  from touched as t
  join warehouse.dim_user as u on u.user_id = t.user_id and u.last_seen >= t.since
  where u.level is not null
  group by t.user_id, t.since, u.level
)
select
  *,
  bool_or(
    previous_last_seen >= first_seen
    or (first_seen < since and level is distinct from before_level)
  ) over (partition by user_id) is true as is_tangled
from (
  select
    p.*, b.level as before_level, b.valid_from as before_from,
    lag(p.level) over times as previous_level,
    lag(p.last_seen) over times as previous_last_seen
  from plans as p
  left join before as b using (user_id)
  window times as (partition by p.user_id order by p.first_seen, p.last_seen)
) as ordered
