-- Deletes all events but the given ones.
delete from {schema}.counted_ahead as a
where not exists (
  select 1
  from unnest($1::text[], $2::bigint[], $3::bigint[]) as n (topic, partition, identity)
  where n.topic = a.topic and n.partition = a.partition and n.identity = a.identity
)
