insert into warehouse.dim_user
  (user_key, user_id, first_name, last_name, gender, level, registration)
select distinct on (user_key)
  user_key, user_id, first_name, last_name, gender, level, registration
from pg_temp.new_user
order by user_key
on conflict do nothing
