-- The rows of a rollup that count now: the batch layer's, and the speed layer's of the epochs that no published
-- load covers. A load publishes its rows and loaded_epoch in one transaction, so one statement that reads
-- this sees each event once. By the minute; layers_coarse.sql has the hours and days.
create or replace view layers.{table} as
select {keys}, {counters}, {sketches}, true as is_loaded
from batch.{table}
union all
select layers.{rung}_of(minute), {rest}, false
from speed.{minute_table}
where epoch > (select loaded_epoch from batch.published)
