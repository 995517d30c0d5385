-- Those of the given tables of the schema parts that are a tenth larger than when PostgreSQL last looked at them. Until then what it
-- knows of them holds: how many rows there are it tells by the size, and how far the times reach by their index.
select relname
from pg_class
where relnamespace = 'parts'::regnamespace
  and relname = any ($1::text[])
  and pg_relation_size(oid) > 1.1 * relpages * current_setting('block_size')::bigint
