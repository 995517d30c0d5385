-- How far both layers have come in each partition, and how far that is from the log's end, as its worker saw it last. In seconds a
-- partition is behind by the age of its event time while records are left that were not committed, or nobody has looked for
-- half a minute whether there are any; null where that time was more than a day old when it was committed, as in serving/lag.sql.
select
  s.topic,
  s.partition::text,
  s.next_offset::text as speed_records,
  coalesce(b.next_offset, 0)::text as batch_records,
  greatest(0, e.end_offset - s.next_offset)::text as speed_behind,
  greatest(0, e.end_offset - coalesce(b.next_offset, 0))::text as batch_behind,
  case
    when e.end_offset <= s.next_offset and e.seen_at > now() - interval '30 seconds' then 0
    when extract(epoch from s.updated_at) - r.greatest / 1000.0 <= 86400
      then greatest(0, round(extract(epoch from now()) - r.greatest / 1000.0, 3))
  end::text as behind_seconds,
  (r.watermark / 1000.0)::numeric(20, 3)::text as watermark_seconds,
  extract(epoch from e.seen_at)::text as seen_at_seconds
from speed.progress as s
left join batch.progress as b using (topic, partition)
left join speed.log_end as e using (topic, partition)
left join speed.reached as r using (topic, partition)
order by s.topic, s.partition
