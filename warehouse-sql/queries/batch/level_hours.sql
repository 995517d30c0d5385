-- The hours in which the tangled users' facts decide when a plan began: late events are few, and what came after them may
-- be years. The rollup by hour knows in which hours a user was seen on a plan. Facts are needed of an hour with two
-- plans, of the hour after, of one with another plan than the hour before, and of the hour of the user's first event in
-- the load, part of which is history.
create table stage.{hours} as
with hours as (
  select
    s.user_id, s.since, s.before_level, h.hour, min(s.level) as level,
    min(s.level) <> max(s.level) as is_mixed
  from {hour_user} as h
  join stage.{states} as s using (user_key)
  where h.hour >= (select layers.hour_of(min(since)) from stage.{states})
    and h.hour >= layers.hour_of(s.since)
  group by s.user_id, s.since, s.before_level, h.hour
),
compared as (
  select
    *, lag(level, 1, before_level) over times as level_before,
    lag(is_mixed, 1, false) over times as is_mixed_before
  from hours
  window times as (partition by user_id order by hour)
)
select user_id, hour
from compared
where is_mixed or is_mixed_before or level is distinct from level_before
  or hour = layers.hour_of(since)
