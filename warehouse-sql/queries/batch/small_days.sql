-- How many partitions of the published build's fact had few rows when their index was made.
select count(*)
from pg_inherits as i
join pg_class as c on c.oid = i.inhrelid
where i.inhparent = $1::regclass and c.reltuples < $2
