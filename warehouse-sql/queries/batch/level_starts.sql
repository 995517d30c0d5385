-- When each plan of the touched users began: the spans tell it, and of tangled users their facts.
create table stage.{starts} as
with changes as (
  select
    user_id, ts, level,
    lag(level) over (partition by user_id order by ts) as previous
  from stage.{facts}
)
select c.user_id, c.level, c.ts as valid_from
from changes as c
join (
  select distinct user_id, before_level
  from stage.{spans}
  where is_tangled
) as t using (user_id)
where c.level is distinct from coalesce(c.previous, t.before_level)
union all
select user_id, level, first_seen
from stage.{spans}
where level is distinct from coalesce(previous_level, before_level)
  and not is_tangled
