-- A place has the least coordinates that any event gives it, so that they are the same in whatever order events
-- are loaded; missing coordinates count as greater than all others. A place that has the least ones already is
-- left out, as on conflict alone would wait for a transaction that is changing the place.
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
