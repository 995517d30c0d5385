-- Compare and set: where somebody else has moved an offset, or a load has reserved the records behind it, this
-- changes fewer rows than it was given, and the flush is rolled back.
update speed.progress as p
set
  next_offset = n.next_offset,
  replay_from = n.replay_from,
  replay_watermark = n.replay_watermark,
  log_epoch = nullif(n.log_epoch, 0),
  updated_at = now()
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
  as n (topic, partition, expected_offset, next_offset, replay_from, replay_watermark, log_epoch)
where p.topic = n.topic
  and p.partition = n.partition
  and p.next_offset = n.expected_offset
  and not exists (
    select
    from speed.live_reservation as r
    where r.topic = p.topic and r.partition = p.partition
  )
