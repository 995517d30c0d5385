-- The latest runs of the batch layer, newest first.
select
  load_run_id::text as load_run_id,
  kind,
  status,
  to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started_at,
  to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as finished_at,
  epoch::text as epoch,
  events_read::text as events_read,
  listens::text as listens,
  auths::text as auths,
  page_views::text as page_views,
  quarantined::text as quarantined,
  late::text as late,
  redelivered::text as redelivered,
  seconds::text as seconds,
  error
from warehouse.load_run
order by load_run.load_run_id desc
limit $1::bigint;
