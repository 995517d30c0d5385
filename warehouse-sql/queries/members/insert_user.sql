-- With what the catalogue knows of them already.
insert into warehouse.dim_user
  (user_key, user_id, first_name, last_name, gender, level, registration, age, country)
select
  n.user_key, n.user_id, n.first_name, n.last_name, n.gender, n.level, n.registration, c.age, c.country
from (select distinct on (user_key) * from pg_temp.new_user order by user_key) as n
left join warehouse.catalogue_user as c using (user_id)
-- Users that are known are left out, as a load that is publishing may be changing their rows: on conflict alone
-- would wait for that load.
where not exists (select from warehouse.dim_user as d where d.user_key = n.user_key)
order by n.user_key
on conflict do nothing
