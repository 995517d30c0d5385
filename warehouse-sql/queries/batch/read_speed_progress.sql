select topic, partition, next_offset, log_epoch from speed.progress
