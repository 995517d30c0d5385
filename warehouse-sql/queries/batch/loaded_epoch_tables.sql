-- The partitions of epochs that have been loaded: parent, table, and whether an earlier detach was interrupted.
select inhparent::regclass::text, inhrelid::regclass::text, inhdetachpending
from pg_inherits
join pg_class as child on child.oid = inhrelid
join pg_class as parent on parent.oid = inhparent
where parent.relnamespace = 'speed'::regnamespace
  and substring(child.relname from '_e([0-9]+)$')::integer <= (select loaded_epoch from builds.needed)
-- Half detached partitions come first, as PostgreSQL detaches no other partition of the same parent before them.
order by inhdetachpending desc, inhrelid
