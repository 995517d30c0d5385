insert into warehouse.dim_device (device_key, user_agent, device_type, os, browser)
select distinct on (device_key) device_key, user_agent, device_type, os, browser
from pg_temp.new_device
order by device_key
on conflict do nothing
