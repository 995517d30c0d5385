-- The rows of a rollup for minutes that are given up, from the facts: each fact is a row, with what it adds. The speed
-- layer's rows of such minutes, which came late, are as ever. Together with layers_kept.sql this is all of the rollup
-- by the minute. Ask for a stretch of time by ts and by date_key, as facts are partitioned by both.
create or replace view layers.past_{table} as
select ts, {keys}, {counters}, {sketches}, true as is_loaded, date_key
from layers.{source}
where ts < (select minutes_from from batch.published)
union all
select minute, {keys}, {counters}, {sketches}, false,
  to_char(minute at time zone 'UTC', 'YYYYMMDD')::integer
from speed.{table}
where epoch > (select loaded_epoch from batch.published)
  and minute < (select minutes_from from batch.published)
