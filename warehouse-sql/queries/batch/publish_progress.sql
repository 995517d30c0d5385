insert into batch.progress (topic, partition, next_offset, replay_from, replay_watermark)
select topic, partition, next_offset, replay_from, replay_watermark
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
  as n (topic, partition, next_offset, replay_from, replay_watermark)
on conflict (topic, partition) do update
set
  next_offset = excluded.next_offset,
  replay_from = excluded.replay_from,
  replay_watermark = excluded.replay_watermark
