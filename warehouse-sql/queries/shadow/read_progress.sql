select topic, partition, next_offset, replay_from, replay_watermark, coalesce(log_epoch, 0)
from shadow.progress
where load_run_id = $1
order by topic, partition
