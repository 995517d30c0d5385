-- Goes on behind records that the log has dropped, and notes them: from the expected offset only, and not while a load
-- has reserved the partition. Before offset 0 nothing was ever read, and so nobody knows when the records were there.
with before as (
  select updated_at from speed.progress where topic = $1 and partition = $2
), moved as (
  update speed.progress as p
  set next_offset = $4, log_epoch = null, updated_at = now(), moved_at = now()
  where p.topic = $1
    and p.partition = $2
    and p.next_offset = $3
    and not exists (
      select
      from speed.live_reservation as r
      where r.topic = p.topic and r.partition = p.partition
    )
  returning p.topic
)
insert into warehouse.lost_range as l
  (topic, partition, from_offset, to_offset, intact_at, noticed_by)
select $1, $2, $3, $4, case when $3 > 0 then before.updated_at end, 'speed'
from moved
cross join before
on conflict (topic, partition, from_offset, noticed_by) do update
set to_offset = greatest(l.to_offset, excluded.to_offset), noticed_at = now(), counted_by = null
