-- As add_quarters.sql, for groups of members that share a name.
insert into {target} as t (quarter, label, {key}, build, load_run_id, listens)
select
  layers.quarter_of(day), label, min({key}), min(build), max(load_run_id),
  layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens))
from (
  select
    day, case when {named_later} then {key} else layers.label({names: d.*}) end as label, min({key}) as {key}, min(build) as build,
    max(load_run_id) as load_run_id, sum(listens)::integer as listens
  from {days}
  left join layers.{dimension} as d using ({key})
  where listens > 0
    and day >= layers.quarter_of($1::date)
    and day < layers.quarter_of($2::date) + interval '3 months'
  group by 1, 2
) as s
group by 1, 2
order by 1, 2
on conflict (quarter, label) do update
set load_run_id = excluded.load_run_id, listens = layers.added(t.listens, excluded.listens)
