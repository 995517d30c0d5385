select topic, partition, next_offset, replay_from, replay_watermark, log_epoch from batch.progress
