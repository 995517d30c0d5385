-- Adds the listens of days to running totals; a row says which load has written it last. In the order of the index, as a
-- question reads all rows of a quarter by it. Where a member's name is not its own, the key stands for it.
insert into {target} as t (quarter, {key}, label, build, load_run_id, listens)
select
  quarter, {key}, case when {named_later} then {key} else layers.label({names: d.*::text}) end, s.build, s.load_run_id,
  s.listens
from (
  select
    layers.quarter_of(day) as quarter, {key}, min(build) as build, max(load_run_id) as load_run_id,
    layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens)) as listens
  from {days}
  where listens > 0
    and day >= layers.quarter_of($1::date)
    and day < layers.quarter_of($2::date) + interval '3 months'
  group by 1, 2
) as s
left join layers.{dimension} as d using ({key})
order by quarter, {key}
on conflict (quarter, {key}) do update
set load_run_id = excluded.load_run_id, listens = layers.added(t.listens, excluded.listens)
