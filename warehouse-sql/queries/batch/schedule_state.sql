-- When the last published load began (milliseconds since 1970; null before the first), and the number of the
-- last run of any kind (0 before the first). The start counts and not the publication, as a load does not cover
-- what became due after its cut.
select
  case
    when p.published_at is not null
      then floor(extract(epoch from coalesce(r.started_at, p.published_at)) * 1000)::bigint
  end,
  coalesce((select max(load_run_id) from warehouse.load_run), 0)
from batch.published as p
left join warehouse.load_run as r using (load_run_id)
