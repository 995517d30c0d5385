-- The tables of the schema builds that PostgreSQL has looked at as a whole when there were rows.
select relname
from pg_class
where relnamespace = 'builds'::regnamespace and relkind = 'p' and reltuples > 0
