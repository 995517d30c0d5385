-- Proves that all rows there are belong to build 0, so that 0024 can hand the tables over without reading them.
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
    execute format('alter table %s validate constraint build_0', name);
  end loop;
end
$$;
