-- Partition numbers that a live speed worker has.
select a.partition from speed.assignment as a join speed.live_worker using (worker_id)
