-- The states of the tangled users that the load has touched, with each user's first event in the load and the plan that the
-- history has before it.
create table stage.{states} as
select distinct t.user_id, t.since, t.before_level, u.user_key, u.level
from stage.{spans} as t
join warehouse.dim_user as u using (user_id)
where t.is_tangled and u.level is not null
