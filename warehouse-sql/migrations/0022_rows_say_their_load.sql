-- Each row of a fact or rollup says which load wrote it, and to which build it belongs. A build is what a full load has
-- made, with what incremental loads have added to it since. What is there already is build 0; load 0 is one
-- from before rows said so. Nothing is rewritten, and the constraint is proved by the next migration, beside readers.
do $$
declare
  name text;
begin
  for name in
    select oid::regclass::text
    from pg_class
    where relkind = 'p' and relnamespace in ('warehouse'::regnamespace, 'batch'::regnamespace)
    order by 1
  loop
    execute format(
      'alter table %s
         add column build integer not null default 0,
         add column load_run_id integer not null default 0,
         add constraint build_0 check (build = 0) not valid', name);
  end loop;
end
$$;
