-- Gives back all of the worker's partitions but the given ones.
delete from speed.assignment where worker_id = $1 and partition <> all ($2::bigint[])
