-- Partitions of epochs that are in batch by now: parent, table, and whether an earlier detach was cut off.
select inhparent::regclass::text, inhrelid::regclass::text, inhdetachpending
from pg_inherits
join pg_class as child on child.oid = inhrelid
join pg_class as parent on parent.oid = inhparent
where parent.relnamespace = 'speed'::regnamespace
  and substring(child.relname from '_e([0-9]+)$')::integer <= (select loaded_epoch from batch.published)
-- PostgreSQL takes no second one while one is half detached.
order by inhdetachpending desc, inhrelid
