-- Where nobody has read past the cut, a speed worker need not read further back than the load says.
update speed.progress as p
set replay_from = n.replay_from, replay_watermark = n.replay_watermark
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
  as n (topic, partition, next_offset, replay_from, replay_watermark)
where p.topic = n.topic
  and p.partition = n.partition
  and p.next_offset = n.next_offset
  and p.replay_from < n.replay_from
