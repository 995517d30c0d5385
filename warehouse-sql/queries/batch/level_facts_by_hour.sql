-- Which plan the tangled users' facts show at which time, as `level_facts`, of the hours alone in which facts decide. `offset 0`
-- keeps the planner from joining the hours with all of the facts, and the first ($1) and the last of the hours ($2) from a look
-- at each day of the history. ts leads to the hour's month, and date_key from there to its day (docs/decisions/0040).
create table stage.{facts} as
with facts as (
  select h.hour, f.user_key, f.ts
  from (
    select distinct hour, to_char(hour at time zone 'UTC', 'YYYYMMDD')::integer as date_key
    from stage.{hours}
  ) as h
  cross join lateral (
    select user_key, ts from {listen}
    where ts >= h.hour and ts < layers.hour_end(h.hour) and ts >= $1 and ts < $2
      and date_key = h.date_key
    union all
    select user_key, ts from {auth}
    where ts >= h.hour and ts < layers.hour_end(h.hour) and ts >= $1 and ts < $2
      and date_key = h.date_key
    union all
    select user_key, ts from {page_view}
    where ts >= h.hour and ts < layers.hour_end(h.hour) and ts >= $1 and ts < $2
      and date_key = h.date_key
    offset 0
  ) as f
)
select s.user_id, f.ts, min(s.level) as level
from facts as f
join stage.{states} as s using (user_key)
join stage.{hours} as d on d.user_id = s.user_id and d.hour = f.hour
where f.ts >= s.since
group by s.user_id, f.ts
