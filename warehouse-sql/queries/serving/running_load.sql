-- The load that is running, as /api/v1/loads has it: its number, kind and start, and the process.
select
  r.load_run_id::text, r.kind, to_char(r.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), r.process
from warehouse.load_run as r
join warehouse.load_state as s using (load_run_id)
where s.status = 'running'
order by r.load_run_id desc
limit 1;
