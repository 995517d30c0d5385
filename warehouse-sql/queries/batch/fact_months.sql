-- The tables of a build's fact that days stand in, the whole ($1) and its months (yyyymm; none for the whole), each with its
-- default partition, where it has one.
select substring(c.relname from '_b[0-9]+_([0-9]+)$')::integer, rest.relname
from pg_partitioned_table as p
join pg_class as c on c.oid = p.partrelid
left join pg_class as rest on rest.oid = p.partdefid
where p.partrelid = ('parts.' || $1)::regclass
  or p.partrelid in (select inhrelid from pg_inherits where inhparent = ('parts.' || $1)::regclass)
