insert into warehouse.user_tag (user_id, tag)
select distinct user_id, tag
from pg_temp.new_user_tag
order by user_id, tag
on conflict do nothing
