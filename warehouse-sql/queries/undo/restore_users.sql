update warehouse.dim_user as u
set first_seen = s.first_seen, last_seen = s.last_seen, is_current = s.is_current
from undo.dim_user as s
where s.user_key = u.user_key
  and (u.first_seen, u.last_seen, u.is_current)
    is distinct from (s.first_seen, s.last_seen, s.is_current);
delete from warehouse.user_level_history
where user_id in (select user_id from undo.dim_user);
insert into warehouse.user_level_history select * from undo.user_level_history
