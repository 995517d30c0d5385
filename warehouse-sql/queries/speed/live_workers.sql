select worker_id from speed.live_worker order by worker_id
