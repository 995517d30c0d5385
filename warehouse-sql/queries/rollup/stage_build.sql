-- A rollup of a full load. It is filled without the columns that have one value in all of its rows; complete.sql gives them to
-- it.
do $$
declare
  columns text;
begin
  select
    string_agg(
      format(
        '%I %s %s', attname, format_type(atttypid, atttypmod), case when attnotnull then 'not null' end),
      ', ' order by attnum)
  into columns
  from pg_attribute
  where attrelid = 'builds.{rollup}'::regclass
    and attnum > 0
    and not attisdropped
    and attname not in ('build', 'load_run_id');
  execute format('create table stage.{table} (%s)', columns);
end
$$
