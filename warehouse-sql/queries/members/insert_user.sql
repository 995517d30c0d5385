insert into warehouse.dim_user
  (user_key, user_id, first_name, last_name, gender, level, registration)
select distinct on (user_key)
  user_key, user_id, first_name, last_name, gender, level, registration
from pg_temp.new_user as n
-- Users that are known are left out, as a load that is publishing may be changing their rows: on conflict alone
-- would wait for that load.
where not exists (select from warehouse.dim_user as d where d.user_key = n.user_key)
order by user_key
on conflict do nothing
