select
  topic, partition, next_offset, log_epoch, topic_id,
  (extract(epoch from updated_at) * 1000)::bigint as updated_at_ms
from speed.progress
