insert into speed.log_end (topic, partition, end_offset, seen_at)
select topic, partition, end_offset, now()
from unnest($1::text[], $2::bigint[], $3::bigint[]) as n (topic, partition, end_offset)
on conflict (topic, partition) do update set end_offset = excluded.end_offset, seen_at = excluded.seen_at
