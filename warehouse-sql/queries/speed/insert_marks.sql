insert into speed.watermark_mark (topic, partition, next_offset, greatest, farthest)
select topic, partition, next_offset, greatest, farthest
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
  as n (topic, partition, next_offset, greatest, farthest)
on conflict do nothing
