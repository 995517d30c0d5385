-- What was counted outside the window, by loads and since the last one: in one snapshot, as a load that
-- publishes takes events from the one table to the other.
select topic, partition, identity, ts from batch.counted_ahead
union all
select topic, partition, identity, (extract(epoch from ts) * 1000)::bigint from speed.late_event
