insert into warehouse.dim_device (device_key, user_agent, device_type, os, browser)
select distinct on (device_key) device_key, user_agent, device_type, os, browser
from pg_temp.new_device as n
-- A row that is there may be under way to another state, which a load brings it to as it publishes: on
-- conflict alone would wait for that.
where not exists (select from warehouse.dim_device as d where d.device_key = n.device_key)
order by device_key
on conflict do nothing
