-- Compare and set: where somebody else has moved an offset, or a load has reserved the records behind it, this
-- changes fewer rows than it was given, and the flush is rolled back. So it is where the topic is another one by now than
-- the one that was counted.
update speed.progress as p
set
  next_offset = n.next_offset,
  replay_from = n.replay_from,
  replay_watermark = n.replay_watermark,
  log_epoch = nullif(n.log_epoch, 0),
  topic_id = coalesce(nullif(n.topic_id, ''), p.topic_id),
  updated_at = now(),
  -- A worker with nothing to do commits that the views are as of now.
  moved_at = case when n.next_offset > p.next_offset then now() else p.moved_at end
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
  $8::text[])
  as n (topic, partition, expected_offset, next_offset, replay_from, replay_watermark, log_epoch, topic_id)
where p.topic = n.topic
  and p.partition = n.partition
  and p.next_offset = n.expected_offset
  and (n.topic_id = '' or coalesce(p.topic_id, n.topic_id) = n.topic_id)
  and not exists (
    select
    from speed.live_reservation as r
    where r.topic = p.topic and r.partition = p.partition
  )
