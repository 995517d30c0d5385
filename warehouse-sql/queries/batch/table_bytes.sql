-- How large a table of the schema parts is, without its indexes.
select pg_relation_size(('parts.' || $1)::regclass)
