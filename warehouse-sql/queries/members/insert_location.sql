-- A place has the least coordinates that any event gives it (none count as beyond all others), so that they are
-- the same in whatever order events are loaded. One that is there with them is left alone: on conflict alone
-- would wait for whoever is changing it.
insert into warehouse.dim_location as d
  (location_key, country, state, city, zip, lon, lat, region)
select distinct on (location_key)
  location_key, country, state, city, zip, lon, lat, region
from pg_temp.new_location as n
where not exists (
  select
  from warehouse.dim_location as there
  where there.location_key = n.location_key
    and (coalesce(there.lon, 'infinity'), coalesce(there.lat, 'infinity'))
      <= (coalesce(n.lon, 'infinity'), coalesce(n.lat, 'infinity')))
order by location_key, coalesce(lon, 'infinity'), coalesce(lat, 'infinity')
on conflict (location_key) do update
set lon = excluded.lon, lat = excluded.lat
where (coalesce(excluded.lon, 'infinity'), coalesce(excluded.lat, 'infinity'))
  < (coalesce(d.lon, 'infinity'), coalesce(d.lat, 'infinity'))
