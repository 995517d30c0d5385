-- When the last load that was published began (milliseconds since 1970; null before the first), and the number of the
-- last run of any kind (0 before the first). The start counts and not the publication, as a load does not cover
-- what became due after its cut. One that was taken back counts too: the schedule does not do it over before its time.
select
  floor(extract(epoch from coalesce(
    (select max(started_at) from warehouse.load_run where status in ('published', 'rolled back')),
    (select published_at from batch.published))) * 1000)::bigint,
  coalesce((select max(load_run_id) from warehouse.load_run), 0)
