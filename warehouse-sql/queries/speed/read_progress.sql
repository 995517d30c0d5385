select
  topic, partition, next_offset, replay_from, replay_watermark, log_epoch,
  (extract(epoch from updated_at) * 1000)::bigint as updated_at_ms, topic_id
from speed.progress
where partition = any ($1)
order by topic, partition
