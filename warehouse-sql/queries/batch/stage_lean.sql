-- A table for rows of a full load. It is filled without the columns that have one value in all of its rows: complete_fact.sql and
-- rollup/complete.sql give them to it.
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
  where attrelid = 'builds.{like}'::regclass
    and attnum > 0
    and not attisdropped
    and attname not in ('date_key', 'build', 'load_run_id');
  execute format('create table stage.{table} (%s)', columns);
end
$$
