insert into speed.reached (topic, partition, greatest, watermark)
select topic, partition, greatest, watermark
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) as n (topic, partition, greatest, watermark)
on conflict (topic, partition) do update set greatest = excluded.greatest, watermark = excluded.watermark
