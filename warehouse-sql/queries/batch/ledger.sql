-- What the loads of the published build have counted by their own account (those that made days anew counted them once
-- more), beside the number of facts that there are: offsets; then listens, auth events and page views, each counted and as facts.
with since as (
  select *
  from warehouse.load_run
  where status = 'published' and kind <> 'days' and build = (select build from batch.published)
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
