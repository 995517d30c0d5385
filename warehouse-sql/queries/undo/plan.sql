-- What taking the last load back would do: its run, its kind, its records, the load before it, how many partitions workers would count
-- anew, and the days between which its facts lie where it has added them to a build.
select
  l.load_run_id, r.kind, coalesce(r.events_read, 0), p.load_run_id, l.reserved, s.first, s.last
from undo.load as l
join warehouse.load_run as r using (load_run_id)
left join undo.published as p on true
cross join lateral (
  -- The days that a load made anew end before the midnight that is noted; else the last event is.
  select
    to_char(min(lower::timestamptz) at time zone 'UTC', 'YYYY-MM-DD') as first,
    to_char(
      (max(upper::timestamptz) - case when r.kind = 'days' then interval '1 second' else interval '0' end)
      at time zone 'UTC', 'YYYY-MM-DD') as last
  from undo.span
  where table_name in ('fact_listen', 'fact_auth', 'fact_page_view')
) as s
