-- The intervals of a touched user that begin at the user's first event in this load or later are made anew.
delete from warehouse.user_level_history as h
using stage.{spans} as s
where h.user_id = s.user_id and h.valid_from >= s.since;

-- The interval before these now ends where the first new one begins, or is open again where there is none.
with ends as (
  select s.user_id, s.before_from, min(n.valid_from) as valid_to
  from stage.{spans} as s
  left join stage.{starts} as n using (user_id)
  where s.before_from is not null
  group by s.user_id, s.before_from
)
update warehouse.user_level_history as h
set valid_to = ends.valid_to
from ends
where h.user_id = ends.user_id
  and h.valid_from = ends.before_from
  and h.valid_to is distinct from ends.valid_to;

insert into warehouse.user_level_history (user_id, level, valid_from, valid_to)
select
  user_id, level, valid_from,
  lead(valid_from) over (partition by user_id order by valid_from)
from stage.{starts}
