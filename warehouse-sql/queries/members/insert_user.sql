insert into warehouse.dim_user
  (user_key, user_id, first_name, last_name, gender, level, registration)
select distinct on (user_key)
  user_key, user_id, first_name, last_name, gender, level, registration
from pg_temp.new_user as n
-- A row that is there may be under way to another state, which a load brings it to as it publishes: on
-- conflict alone would wait for that.
where not exists (select from warehouse.dim_user as d where d.user_key = n.user_key)
order by user_key
on conflict do nothing
