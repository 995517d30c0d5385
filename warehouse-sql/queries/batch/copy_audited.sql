-- The rows of some stretches of time, which begin and end at these milliseconds since 1970. Each stretch is found by the
-- index on its own: `offset 0` keeps the planner from joining all of them with the whole table. {day} is the column that says the
-- day of a fact, which finds its partition (docs/decisions/0040); where the table has none, first_day, which is true of all rows.
with bounds as (
  select
    'epoch'::timestamptz + start * interval '1 millisecond' as start,
    'epoch'::timestamptz + stop * interval '1 millisecond' as stop
  from unnest($1::bigint[], $2::bigint[]) as stretch (start, stop)
),
stretches as materialized (
  select
    start,
    stop,
    to_char(start at time zone 'UTC', 'YYYYMMDD')::integer as first_day,
    to_char(stop at time zone 'UTC', 'YYYYMMDD')::integer as last_day
  from bounds
)
insert into pg_temp.audited_{table}
select found.*
from stretches
cross join lateral (
  select *
  from parts.{table}
  where {time} >= stretches.start and {time} < stretches.stop
    and {day} >= stretches.first_day and {day} <= stretches.last_day
  offset 0
) as found
