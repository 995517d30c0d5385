-- The events that loads have counted ahead of the crowd, and those that the speed layer has counted outside the
-- window since the last load. One statement and so one snapshot, as a load that publishes moves events from the
-- one table to the other.
select topic, partition, identity, ts from batch.counted_ahead
union all
select topic, partition, identity, (extract(epoch from ts) * 1000)::bigint from speed.late_event
