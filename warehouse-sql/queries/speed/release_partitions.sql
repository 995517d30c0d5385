-- Gives back all partitions but these.
delete from speed.assignment where worker_id = $1 and partition <> all ($2::bigint[])
