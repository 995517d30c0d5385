-- The totals of some stretches of time, which begin and end at these milliseconds since 1970. Each stretch is found by the
-- index on its own: `offset 0` keeps the planner from joining all of them with the whole table.
with stretches as (
  select
    'epoch'::timestamptz + start * interval '1 millisecond' as start,
    'epoch'::timestamptz + stop * interval '1 millisecond' as stop
  from unnest($1::bigint[], $2::bigint[]) as stretch (start, stop)
)
insert into pg_temp.audited_{table}
select found.*
from stretches
cross join lateral (
  select *
  from parts.{table}
  where minute >= stretches.start and minute < stretches.stop
  offset 0
) as found
