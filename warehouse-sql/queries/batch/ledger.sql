-- What the loads since the last full one have counted by their own account, beside the number of facts that
-- there are: offsets; then listens, auth events and page views, each counted and as facts.
with since as (
  select *
  from warehouse.load_run
  where status = 'published'
    and load_run_id >= coalesce(
      (select max(load_run_id) from warehouse.load_run where status = 'published' and kind = 'full'), 0)
)
select
  coalesce(sum(events_read + offsets_without_record), 0)::bigint,
  coalesce(sum(listens), 0)::bigint,
  (select count(*) from warehouse.fact_listen),
  coalesce(sum(auths), 0)::bigint,
  (select count(*) from warehouse.fact_auth),
  coalesce(sum(page_views), 0)::bigint,
  (select count(*) from warehouse.fact_page_view)
from since
