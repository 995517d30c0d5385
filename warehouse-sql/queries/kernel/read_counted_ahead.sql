select topic, partition, identity, ts from {schema}.counted_ahead
