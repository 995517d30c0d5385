update warehouse.dim_user as u
set
  first_seen = least(u.first_seen, s.first_seen),
  last_seen = greatest(u.last_seen, s.last_seen)
from {seen} as s
where u.user_key = s.user_key
