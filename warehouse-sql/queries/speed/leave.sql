-- The worker's partitions go with it.
delete from speed.worker where worker_id = $1
