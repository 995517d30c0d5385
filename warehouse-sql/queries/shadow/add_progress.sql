insert into shadow.progress
  (load_run_id, topic, partition, next_offset, replay_from, replay_watermark, log_epoch)
select $7, topic, partition, next_offset, replay_from, replay_watermark, nullif(log_epoch, 0)
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
  as n (topic, partition, next_offset, replay_from, replay_watermark, log_epoch)
