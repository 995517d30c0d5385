select partition, worker_id from speed.assignment
