insert into {schema}.replay_point (topic, partition, record_offset, watermark, greatest)
select topic, partition, record_offset, watermark, greatest
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])
  as n (topic, partition, record_offset, watermark, greatest)
on conflict do nothing
