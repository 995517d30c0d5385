-- When each plan of the touched users began. Where a user's plans follow each other without overlap, their
-- spans tell this. Where the plans alternate (the user is tangled), only the single facts tell it.
create table stage.{starts} as
with tangled as (
  select user_id, since, before_level
  from stage.{spans}
  group by user_id, since, before_level
  having bool_or(
    previous_last_seen >= first_seen
    or (first_seen < since and level is distinct from before_level)
  )
),
states as (
  select t.user_id, t.since, u.user_key, u.level
  from tangled as t
  join warehouse.dim_user as u using (user_id)
  where u.level is not null
),
facts as (
  select user_key, ts
  from {listen}
  where ts >= (select min(since) from tangled)
  union all
  select user_key, ts
  from {auth}
  where ts >= (select min(since) from tangled)
  union all
  select user_key, ts
  from {page_view}
  where ts >= (select min(since) from tangled)
),
-- Of two plans in the same millisecond the first by name counts.
shown as (
  select s.user_id, f.ts, min(s.level) as level
  from facts as f
  join states as s using (user_key)
  where f.ts >= s.since
  group by s.user_id, f.ts
),
changes as (
  select
    user_id, ts, level,
    lag(level) over (partition by user_id order by ts) as previous
  from shown
)
select c.user_id, c.level, c.ts as valid_from
from changes as c
join tangled as t using (user_id)
where c.level is distinct from coalesce(c.previous, t.before_level)
union all
select user_id, level, first_seen
from stage.{spans}
where level is distinct from coalesce(previous_level, before_level)
  and user_id not in (select user_id from tangled)
