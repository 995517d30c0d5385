-- Of each touched user's states, the one that the user's last event shows is current, and no other.
with touched as (
  select distinct u.user_id
  from {seen} as s
  join warehouse.dim_user as u using (user_key)
  where u.user_id is not null
),
ranked as (
  select
    user_key,
    row_number() over (partition by user_id order by last_seen desc, user_key) = 1 as is_last
  from warehouse.dim_user
  join touched using (user_id)
  where last_seen is not null
)
update warehouse.dim_user as u
set is_current = ranked.is_last
from ranked
where u.user_key = ranked.user_key
  and u.is_current is distinct from ranked.is_last
