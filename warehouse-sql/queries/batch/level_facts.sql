-- Which plan the tangled users' facts show at which time, from each user's first event in the load on. Of two plans in the
-- same millisecond the first by name counts.
create table stage.{facts} as
with tangled as (
  select distinct user_id, since
  from stage.{spans}
  where is_tangled
),
states as (
  select t.user_id, t.since, u.user_key, u.level
  from tangled as t
  join warehouse.dim_user as u using (user_id)
  where u.level is not null
),
facts as (
  select user_key, ts
  from {listen}
  where ts >= (select min(since) from tangled)
  union all
  select user_key, ts
  from {auth}
  where ts >= (select min(since) from tangled)
  union all
  select user_key, ts
  from {page_view}
  where ts >= (select min(since) from tangled)
)
select s.user_id, f.ts, min(s.level) as level
from facts as f
join states as s using (user_key)
where f.ts >= s.since
group by s.user_id, f.ts
