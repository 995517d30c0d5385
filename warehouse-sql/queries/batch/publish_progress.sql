insert into batch.progress (topic, partition, next_offset, replay_from, replay_watermark, log_epoch)
select topic, partition, next_offset, replay_from, replay_watermark, nullif(log_epoch, 0)
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
  as n (topic, partition, next_offset, replay_from, replay_watermark, log_epoch)
on conflict (topic, partition) do update
set
  next_offset = excluded.next_offset,
  replay_from = excluded.replay_from,
  replay_watermark = excluded.replay_watermark,
  log_epoch = excluded.log_epoch
