-- The tables of the schema warehouse that have rows and no statistics, or are a tenth larger than when PostgreSQL last looked.
select relname
from pg_class
where relnamespace = 'warehouse'::regnamespace
  and relkind = 'r'
  and pg_relation_size(oid) > 1.1 * relpages * current_setting('block_size')::bigint
