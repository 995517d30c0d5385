-- Adds days to the sums of their groups: the members that share a name. One of the members stands for all of them, as every
-- one of them leads to the name. A member whose name is not its own is a group by itself, as the name may change.
insert into {target} as t (day, label, {key}, build, load_run_id, {counters}, {sketches})
select
  day, case when {named_later} then {key} else layers.label(d.{attribute}) end, min({key}), min(build), max(load_run_id),
  {counters: nullif(sum(*), 0)},
  {sketches: hll_union_agg(*)}
from {days}
left join layers.{dimension} as d using ({key})
where day >= $1::date and day <= $2::date
group by 1, 2
order by 1, 2
on conflict (day, label) do update
set
  load_run_id = excluded.load_run_id,
  {counters: * = nullif(coalesce(t.*, 0) + coalesce(excluded.*, 0), 0)},
  {sketches: * = coalesce(hll_union(t.*, excluded.*), t.*, excluded.*)}
