-- The load that has the lock of loads: the number of its run, the process, the time of its start, and whether
-- its lease holds.
select load_run_id, coalesce(process, 'unknown'), started_at::text, coalesce(lease_until > clock_timestamp(), false)
from warehouse.load_run
where status = 'running'
order by load_run_id desc
limit 1
