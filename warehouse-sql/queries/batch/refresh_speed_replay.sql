-- Where no worker has committed anything behind the cut, the next one replays from where the load says. The
-- replay offset that was there before is of no use where the log has lost its end since.
update speed.progress as p
set
  replay_from = n.replay_from,
  replay_watermark = n.replay_watermark,
  log_epoch = nullif(n.log_epoch, 0)
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
  as n (topic, partition, next_offset, replay_from, replay_watermark, log_epoch)
where p.topic = n.topic
  and p.partition = n.partition
  and p.next_offset = n.next_offset
