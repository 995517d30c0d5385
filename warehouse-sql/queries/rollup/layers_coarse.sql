-- The same as layers.sql by the hour and the day. Of the speed layer it takes the hours, which have what is folded, and what is not folded
-- by the minute: in one statement, that is every row once. layers.hour_of and day_of say which hour or day a time is in.
create or replace view layers.{table} as
select {keys}, {counters}, {sketches}, true as is_loaded
from batch.{table}
union all
select layers.{rung}_of(hour), {rest}, false
from layers.recent_hour_{rollup}
union all
select layers.{rung}_of(minute), {rest}, false
from layers.recent_{rollup}
where not is_folded
