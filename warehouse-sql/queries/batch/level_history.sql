-- Plans of the touched users from their first event of this load on. What lies before stays; where a
-- user shows a single plan there is nothing to look up in the facts.
with touched as (
  select u.user_id, min(s.first_seen) as since
  from stage.{table} as s
  join warehouse.dim_user as u using (user_key)
  where u.user_id is not null and u.level is not null
  group by u.user_id
),
-- The plan before the load.
before as (
  select distinct on (t.user_id) t.user_id, h.level, h.valid_from
  from touched as t
  join warehouse.user_level_history as h on h.user_id = t.user_id and h.valid_from < t.since
  order by t.user_id, h.valid_from desc
),
-- Those who showed another plan than that, or more than one.
movers as (
  select t.user_id, t.since, b.level as before_level
  from touched as t
  left join before as b using (user_id)
  where (
    select count(distinct level)
    from warehouse.dim_user as u
    where u.user_id = t.user_id and u.last_seen >= t.since and u.level is not null
  ) > 1
  or exists (
    select
    from warehouse.dim_user as u
    where u.user_id = t.user_id and u.last_seen >= t.since and u.level <> b.level
  )
  or exists (
    select
    from warehouse.user_level_history as h
    where h.user_id = t.user_id and h.valid_from >= t.since
  )
),
states as (
  select m.user_id, m.since, u.user_key, u.level
  from movers as m
  join warehouse.dim_user as u using (user_id)
  where u.level is not null
),
facts as (
  select user_key, ts from warehouse.fact_listen where ts >= (select min(since) from movers)
  union all
  select user_key, ts from warehouse.fact_auth where ts >= (select min(since) from movers)
  union all
  select user_key, ts from warehouse.fact_page_view where ts >= (select min(since) from movers)
),
-- Two plans in one millisecond count as one.
shown as (
  select s.user_id, f.ts, min(s.level) as level
  from facts as f
  join states as s using (user_key)
  where f.ts >= s.since
  group by s.user_id, f.ts
),
changes as (
  select
    user_id, ts, level,
    lag(level) over (partition by user_id order by ts) as previous
  from shown
),
starts as (
  select c.user_id, c.level, c.ts as valid_from
  from changes as c
  join movers as m using (user_id)
  where c.level is distinct from coalesce(c.previous, m.before_level)
  union all
  -- New users on one plan.
  select t.user_id, min(u.level), t.since
  from touched as t
  join warehouse.dim_user as u on u.user_id = t.user_id and u.last_seen is not null
  left join before as b on b.user_id = t.user_id
  where b.user_id is null
    and u.level is not null
    and not exists (select from movers as m where m.user_id = t.user_id)
  group by t.user_id, t.since
),
-- Intervals from the first touched event on are told anew.
gone as (
  delete from warehouse.user_level_history as h
  using movers as m
  where h.user_id = m.user_id and h.valid_from >= m.since
  returning h.user_id
),
-- The interval before ends where the first new one begins, or is open again.
closed as (
  update warehouse.user_level_history as h
  set valid_to = (select min(s.valid_from) from starts as s where s.user_id = h.user_id)
  from before as b
  join movers as m using (user_id)
  where h.user_id = b.user_id and h.valid_from = b.valid_from
  returning h.user_id
)
insert into warehouse.user_level_history (user_id, level, valid_from, valid_to)
select
  user_id, level, valid_from,
  lead(valid_from) over (partition by user_id order by valid_from)
from starts
where (select count(*) from gone) >= 0
on conflict (user_id, valid_from) do update
set level = excluded.level, valid_to = excluded.valid_to
