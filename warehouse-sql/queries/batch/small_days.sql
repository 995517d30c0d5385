-- How many partitions of the published build's fact, its months' days among them, had few rows when their index was made.
select count(*)
from pg_class as c
where c.relkind = 'r'
  and c.reltuples < $2
  and c.oid in (
    select coalesce(day.inhrelid, part.inhrelid)
    from pg_inherits as part
    left join pg_inherits as day on day.inhparent = part.inhrelid
    where part.inhparent = $1::regclass
  )
