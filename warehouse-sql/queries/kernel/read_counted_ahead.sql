select topic, partition, identity, ts from batch.counted_ahead
