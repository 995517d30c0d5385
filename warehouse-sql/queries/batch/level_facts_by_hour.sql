-- Which plan the tangled users' facts show at which time, of those hours alone in which facts decide: late events are few, and
-- what came after them may be years. The rollup by hour knows the hours in which a user was seen on a plan. A fact
-- is needed in an hour with two plans, in the hour after, in one with another plan than the hour before, and in
-- the hour of the user's first event in the load, part of which is history. Of two plans in the same millisecond the first
-- by name counts.
create table stage.{facts} as
with tangled as (
  select distinct user_id, since, before_level
  from stage.{spans}
  where is_tangled
),
states as (
  select t.user_id, t.since, t.before_level, u.user_key, u.level
  from tangled as t
  join warehouse.dim_user as u using (user_id)
  where u.level is not null
),
hours as (
  select
    s.user_id, s.since, s.before_level, h.hour, min(s.level) as level,
    min(s.level) <> max(s.level) as is_mixed
  from {hour_user} as h
  join states as s using (user_key)
  where h.hour >= (select layers.hour_of(min(since)) from tangled)
    and h.hour >= layers.hour_of(s.since)
  group by s.user_id, s.since, s.before_level, h.hour
),
compared as (
  select
    *, lag(level, 1, before_level) over times as level_before,
    lag(is_mixed, 1, false) over times as is_mixed_before
  from hours
  window times as (partition by user_id order by hour)
),
deciding as materialized (
  select user_id, hour
  from compared
  where is_mixed or is_mixed_before or level is distinct from level_before
    or hour = layers.hour_of(since)
),
-- `offset 0` keeps the planner from joining the hours with all of the facts.
facts as (
  select h.hour, f.user_key, f.ts
  from (select distinct hour from deciding) as h
  cross join lateral (
    select user_key, ts from {listen} where ts >= h.hour and ts < layers.hour_end(h.hour)
    union all
    select user_key, ts from {auth} where ts >= h.hour and ts < layers.hour_end(h.hour)
    union all
    select user_key, ts from {page_view} where ts >= h.hour and ts < layers.hour_end(h.hour)
    offset 0
  ) as f
)
select s.user_id, f.ts, min(s.level) as level
from facts as f
join states as s using (user_key)
join deciding as d on d.user_id = s.user_id and d.hour = f.hour
where f.ts >= s.since
group by s.user_id, f.ts
