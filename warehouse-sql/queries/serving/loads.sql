-- The latest runs of the batch layer, newest first. The names and types of these columns are those of
-- /api/v1/loads.
select
  r.load_run_id,
  kind,
  s.status,
  to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started_at,
  to_char(s.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as finished_at,
  epoch,
  events_read,
  listens,
  auths,
  page_views,
  quarantined,
  late,
  -- A full load rebuilds everything, so that what came late is no news there. Of many days the newest.
  case when kind = 'incremental' then (
    select coalesce(jsonb_agg(day order by day ->> 'day'), '[]')
    from (
      select day from jsonb_array_elements(late_days) as day order by day ->> 'day' desc limit 31
    ) as newest
  ) end as late_days,
  redelivered,
  seconds,
  s.error,
  requested_by,
  rolled_back_by
from warehouse.load_run as r
join warehouse.load_state as s using (load_run_id)
order by r.load_run_id desc
limit $1::bigint;
