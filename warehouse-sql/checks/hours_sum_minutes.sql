-- severity: error
-- Each hour of a rollup is the sum of its minutes, for hours of which minutes are kept.
-- on: check
-- for each: rollup
with minutes as (
  select {keys}, {counters: sum(*) as *}, {sketches: hll_union_agg(*) as *}
  from (
    select layers.hour_of(minute) as hour, *
    from batch.minute_{rollup}
    where minute >= date_trunc('hour', $1::timestamptz, 'UTC') and minute < $2::timestamptz
      and ('{rollup}' = 'totals' or minute >= (select minutes_from from batch.published))
  ) as kept
  group by {keys}
),
hours as (
  select *
  from batch.hour_{rollup}
  where hour >= date_trunc('hour', $1::timestamptz, 'UTC') and hour < $2::timestamptz
    and ('{rollup}' = 'totals' or hour >= (select minutes_from from batch.published))
)
select
  '{rollup}' as rollup, {keys},
  array[{counters: coalesce(hours.*, 0)}]::bigint[] as hour_says,
  array[{counters: coalesce(minutes.*, 0)}]::bigint[] as minutes_say
from hours
full join minutes using ({keys})
where array[{counters: coalesce(hours.*, 0)}]::bigint[]
    <> array[{counters: coalesce(minutes.*, 0)}]::bigint[]
  or ({sketches: hours.*}) is distinct from ({sketches: minutes.*})
