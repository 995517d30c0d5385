-- The users that the load has seen, with all states that each of them has been in.
with touched as (
  select u.user_id
  from {seen} as s
  join warehouse.dim_user as u using (user_key)
)
insert into undo.dim_user
select user_key, user_id, first_seen, last_seen, is_current
from warehouse.dim_user
where user_key in (select user_key from {seen})
  or user_id in (select user_id from touched);
insert into undo.user_level_history
select *
from warehouse.user_level_history
where user_id in (select user_id from undo.dim_user)
