select topic, partition, next_offset, log_epoch, topic_id from speed.progress
