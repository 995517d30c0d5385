-- The partition numbers that are assigned to live speed workers.
select a.partition from speed.assignment as a join speed.live_worker using (worker_id)
