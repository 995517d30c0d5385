-- For partitions whose log lost records that were committed: the marks tell of offsets that now hold other
-- records, or none.
delete from speed.watermark_mark as m
using unnest($1::text[], $2::bigint[]) as n (topic, partition)
where m.topic = n.topic and m.partition = n.partition
