insert into speed.watermark_mark (topic, partition, next_offset, greatest)
select topic, partition, next_offset, greatest
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
  as n (topic, partition, next_offset, greatest)
on conflict do nothing
