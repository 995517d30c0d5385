-- Moves the speed layer's offsets behind the stretches that the load counted in place of a worker. Compare and
-- set: where the load was taken for dead, a worker has gone on and counted these records too, and then this
-- changes fewer rows than were reserved.
update speed.progress as p
set next_offset = r.end_offset, updated_at = now(), moved_at = now()
from speed.reservation as r
where r.load_run_id = $1
  and p.topic = r.topic
  and p.partition = r.partition
  and p.next_offset = r.from_offset
