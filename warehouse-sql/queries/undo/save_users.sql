insert into undo.dim_user
select user_key, user_id, first_seen, last_seen, is_current
from warehouse.dim_user
where first_seen is not null or is_current;
insert into undo.user_level_history select * from warehouse.user_level_history
