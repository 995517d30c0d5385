-- Questions that filter through dim_date find the days by an index of each partition (docs/decisions/0019). Partitions that
-- loads make from now on have date_key in the index that they have.

do $$
declare
  fact text;
begin
  for fact in
    select format('parts.%I', relname)
    from pg_class
    where relnamespace = 'parts'::regnamespace and relkind = 'r' and relname ~ '^fact_(listen|auth|page_view)_'
  loop
    execute format('alter table %s alter column date_key set (n_distinct = 366)', fact);
    execute format('create index on %s using brin (date_key) with (pages_per_range = 32)', fact);
    execute format('analyze %s (date_key, build)', fact);
  end loop;
end
$$;
