insert into warehouse.dim_location
  (location_key, country, state, city, zip, lon, lat, region)
select distinct on (location_key)
  location_key, country, state, city, zip, lon, lat, region
from pg_temp.new_location as n
-- A row that is there may be under way to another state, which a load brings it to as it publishes: on
-- conflict alone would wait for that.
where not exists (select from warehouse.dim_location as d where d.location_key = n.location_key)
order by location_key, lon, lat
on conflict do nothing
