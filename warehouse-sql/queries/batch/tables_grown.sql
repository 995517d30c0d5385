-- Those of the given tables of the schema builds ($1) of which a build ($2) has a tenth more rows than all builds had when
-- PostgreSQL last looked at them as a whole. What it knows of a partition is what it plans by, and a load keeps that; how many
-- keys there are over all is left.
select whole.relname
from pg_class as whole
cross join lateral (
  select coalesce(sum(greatest(part.reltuples, 0)), 0) as n_rows
  from pg_partition_tree(to_regclass('parts.' || whole.relname || '_b' || $2)) as tree
  join pg_class as part on part.oid = tree.relid
  where tree.isleaf
) as build
where whole.relnamespace = 'builds'::regnamespace
  and whole.relkind = 'p'
  and whole.relname = any ($1::text[])
  and (whole.reltuples < 0 or build.n_rows > 1.1 * whole.reltuples)
