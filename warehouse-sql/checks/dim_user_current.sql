-- severity: error
-- Of each user's states the one of the last loaded event is current, and no other; none before a load has seen the user.
select
  user_id,
  count(*) filter (where is_current) as current_states,
  max(last_seen) filter (where is_current) as current_last_seen,
  max(last_seen) as last_seen
from warehouse.dim_user
where user_id is not null
  and $1::timestamptz <= $2::timestamptz
group by user_id
having count(*) filter (where is_current) <> least(count(last_seen), 1)
  or max(last_seen) filter (where is_current) is distinct from max(last_seen)
