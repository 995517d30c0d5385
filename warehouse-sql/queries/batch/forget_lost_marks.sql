-- Of partitions whose log lost what was committed: where its event time stood is not known any more.
delete from speed.watermark_mark as m
using unnest($1::text[], $2::bigint[]) as n (topic, partition)
where m.topic = n.topic and m.partition = n.partition
