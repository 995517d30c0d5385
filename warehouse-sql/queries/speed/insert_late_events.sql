insert into speed.late_event (epoch, topic, partition, identity, ts, is_certain)
select $1, topic, partition, identity, to_timestamp(ts_ms / 1000) + ts_ms % 1000 * interval '1 millisecond', is_certain = 1
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
  as n (topic, partition, identity, ts_ms, is_certain)
on conflict do nothing
