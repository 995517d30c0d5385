-- Which plan the tangled users' facts show at which time, from each user's first event in the load on, in the hours in which
-- facts decide. Of two plans in the same millisecond the first by name counts.
create table stage.{facts} as
with facts as (
  select user_key, ts
  from {listen}
  where ts >= $1::timestamptz
  union all
  select user_key, ts
  from {auth}
  where ts >= $1::timestamptz
  union all
  select user_key, ts
  from {page_view}
  where ts >= $1::timestamptz
)
select s.user_id, f.ts, min(s.level) as level
from facts as f
join stage.{states} as s using (user_key)
join stage.{hours} as d on d.user_id = s.user_id and d.hour = layers.hour_of(f.ts)
where f.ts >= s.since
group by s.user_id, f.ts
