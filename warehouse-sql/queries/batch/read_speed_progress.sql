select topic, partition, next_offset from speed.progress
