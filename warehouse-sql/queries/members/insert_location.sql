insert into warehouse.dim_location
  (location_key, country, state, city, zip, lon, lat, region)
select distinct on (location_key)
  location_key, country, state, city, zip, lon, lat, region
from pg_temp.new_location
order by location_key, lon, lat
on conflict do nothing
