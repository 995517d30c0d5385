select topic, partition, next_offset from batch.progress
