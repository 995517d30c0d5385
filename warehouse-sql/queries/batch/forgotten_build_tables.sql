-- The tables of builds that nobody will read any more: parent, table, and whether an earlier detach was interrupted.
-- Those that are detached and not yet dropped have no parent.
select inhparent::regclass::text, c.oid::regclass::text, coalesce(inhdetachpending, false)
from pg_class as c
left join pg_inherits on inhrelid = c.oid
where c.relnamespace = 'parts'::regnamespace
  and c.relkind in ('r', 'p')
  and c.relname ~ '^(published|fact_[a-z_]+|(minute|hour|day|quarter)_[a-z]+)_b[0-9]+$'
  and substring(c.relname from '_b([0-9]+)$')::integer not in (select build from builds.published)
order by inhdetachpending desc nulls last, c.relname
