-- The same as layers.sql for a rollup whose minutes are kept for a while: no row of a minute before minutes_from,
-- not even of an event that came late, as such a row would pass for the whole minute. Hours and days have them all.
create or replace view layers.{table} as
select {keys}, {counters}, {sketches}, true as is_loaded
from batch.{table}
where minute >= (select minutes_from from batch.published)
union all
select {keys}, {counters}, {sketches}, false
from speed.{table}
where epoch > (select loaded_epoch from batch.published)
  and minute >= (select minutes_from from batch.published)
