-- The worker's assignments are deleted with it (on delete cascade).
delete from speed.worker where worker_id = $1
