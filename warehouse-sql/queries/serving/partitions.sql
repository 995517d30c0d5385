-- How far both layers have come in each partition, and how far that is from the log's end, as its worker saw it last; and how far
-- the speed layer is behind in seconds.
select
  s.topic,
  s.partition::text,
  s.next_offset::text as speed_records,
  coalesce(b.next_offset, 0)::text as batch_records,
  greatest(0, e.end_offset - s.next_offset)::text as speed_behind,
  greatest(0, e.end_offset - coalesce(b.next_offset, 0))::text as batch_behind,
  l.seconds::text as behind_seconds,
  (r.watermark / 1000.0)::numeric(20, 3)::text as watermark_seconds,
  extract(epoch from e.seen_at)::text as seen_at_seconds
from speed.progress as s
left join batch.progress as b using (topic, partition)
left join speed.log_end as e using (topic, partition)
left join speed.reached as r using (topic, partition)
left join speed.partition_lag as l using (topic, partition)
order by s.topic, s.partition
