select topic, partition, next_offset, replay_from, replay_watermark, log_epoch
from speed.progress
where partition = any ($1)
order by topic, partition
