-- A load has looked at the records before these offsets ($3), which were read when it began to look. It need not be done again
-- ($4) where nobody else was writing, and nothing was left out.
update warehouse.catalogue_progress as p
set filled_offset = case when $4 then l.next_offset else looked_offset end, looked_offset = l.next_offset
from unnest($1::text[], $2::integer[], $3::bigint[]) as l (topic, partition, next_offset)
where p.topic = l.topic
  and p.partition = l.partition
  and p.next_offset >= l.next_offset
