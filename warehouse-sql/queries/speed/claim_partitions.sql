-- Those that nobody has.
insert into speed.assignment (partition, worker_id)
select partition, $1 from unnest($2::bigint[]) as p (partition) order by partition
on conflict do nothing
