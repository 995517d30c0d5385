-- Whether those hours are less than a quarter of all hours since the first of them, and what is read for them is less than all
-- facts: of days that share a partition ($1 has their names) no index tells an hour, so that each hour reads it whole. More are
-- read faster in one go. None are few. And from when to when they are.
with bytes as (
  select
    coalesce(sum(case when relname = any ($1::text[]) then pg_relation_size(oid) end), 0) as shared,
    coalesce(sum(relpages), 0) * current_setting('block_size')::bigint as known
  from pg_class
  where relnamespace = 'parts'::regnamespace and relkind = 'r' and relname ~ '^fact_'
),
hours as (
  select count(distinct hour) as n_hours, min(hour) as first, layers.hour_end(max(hour)) as until
  from stage.{hours}
)
select
  coalesce(
    n_hours * 4 < extract(epoch from (select max(hour) from {hour_user}) - first) / 3600 + 1, true)
    and n_hours * shared <= greatest(known, shared) as are_few,
  first,
  until
from hours
cross join bytes
