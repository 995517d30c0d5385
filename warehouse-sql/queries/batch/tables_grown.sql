-- The tables of the schema builds that have a tenth more rows, over their partitions, than when PostgreSQL last looked at them
-- as a whole. What it knows of a partition is what it plans by, and a load keeps that; how many keys there are over all is left.
select whole.relname
from pg_class as whole
join pg_inherits as i on i.inhparent = whole.oid
join pg_class as part on part.oid = i.inhrelid
where whole.relnamespace = 'builds'::regnamespace
  and whole.relkind = 'p'
group by whole.relname, whole.reltuples
having sum(greatest(part.reltuples, 0)) > 1.1 * whole.reltuples
