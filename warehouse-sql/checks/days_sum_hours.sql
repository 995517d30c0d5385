-- severity: error
-- Each day of a rollup is the sum of its hours.
-- on: check
-- for each: rollup
with hours as (
  select {keys}, {counters: sum(*) as *}, {sketches: hll_union_agg(*) as *}
  from (
    select layers.day_of(hour) as day, *
    from batch.hour_{rollup}
    where hour >= date_trunc('day', $1::timestamptz, 'UTC') and hour < $2::timestamptz
  ) as whole
  group by {keys}
),
days as (
  select *
  from batch.day_{rollup}
  where day >= layers.day_of($1::timestamptz) and layers.day_end(day - 1) < $2::timestamptz
)
select
  '{rollup}' as rollup, {keys},
  array[{counters: coalesce(days.*, 0)}]::bigint[] as day_says,
  array[{counters: coalesce(hours.*, 0)}]::bigint[] as hours_say
from days
full join hours using ({keys})
where array[{counters: coalesce(days.*, 0)}]::bigint[]
    <> array[{counters: coalesce(hours.*, 0)}]::bigint[]
  or ({sketches: days.*}) is distinct from ({sketches: hours.*})
