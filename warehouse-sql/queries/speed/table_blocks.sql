-- Null where there is no such table.
select pg_relation_size(to_regclass($1)) / current_setting('block_size')::integer
