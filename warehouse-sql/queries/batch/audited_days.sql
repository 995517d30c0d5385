-- What a load changes of a rollup's days, as rows whose sums are those of the change: the rows that it has added to, as they stand
-- now, less the same rows as they stood before. What the load does not touch is read of whole days alone. `offset 0` keeps the
-- planner from reading all days for these. The view goes with audited_whole_day.
create temporary view audited_{rollup} as
select whole.*
from pg_temp.audited_whole_day as w
cross join lateral (
  select {keys}, {counters}
  from {target} as t
  where t.day = w.day
  offset 0
) as whole
union all
select {keys}, {counters}
from {target}
where ({keys}) in (
    select {keys} from {staged}
    union all
    select {keys} from {staged_late}
  )
  and day not in (select w.day from pg_temp.audited_whole_day as w)
union all
select {keys}, {counters: -*}
from undo.{rollup}
where day not in (select w.day from pg_temp.audited_whole_day as w)
