-- How many rows a table has as it is published, and in the build that waits. Minutes that are given up ($2) do not count.
select
  (select count(*) from {table}),
  (select count(*)
   from builds.{name}
   where build = $1
     and (not $2 or {time} >= (select minutes_from from builds.published where build = $1)))
