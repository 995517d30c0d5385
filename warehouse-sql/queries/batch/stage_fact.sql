-- A day of a fact. It is filled without the columns that have one value in all of its rows; complete_fact.sql gives them to it.
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
  where attrelid = 'builds.{fact}'::regclass
    and attnum > 0
    and not attisdropped
    and attname not in ('date_key', 'build', 'load_run_id');
  execute format(
    'create table stage.{table} (
      %s,
      constraint day_{day} check (ts >= ''{day} 00:00:00+00'' and ts < ''{next_day} 00:00:00+00'')
    )', columns);
end
$$
