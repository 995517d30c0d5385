select topic, partition, next_offset, replay_from, replay_watermark from batch.progress
