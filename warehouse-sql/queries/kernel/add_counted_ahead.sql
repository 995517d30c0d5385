insert into {schema}.counted_ahead (topic, partition, identity, ts)
select topic, partition, identity, ts
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
  as n (topic, partition, identity, ts)
on conflict do nothing
