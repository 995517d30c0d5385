-- The partition numbers of which a running load counts records that no worker had committed, with its run.
select partition, max(load_run_id) from speed.live_reservation group by partition
