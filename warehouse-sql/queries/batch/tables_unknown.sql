-- The tables of the schema parts that PostgreSQL has no statistics of.
select relname
from pg_class
where relnamespace = 'parts'::regnamespace and relkind = 'r' and reltuples < 0
