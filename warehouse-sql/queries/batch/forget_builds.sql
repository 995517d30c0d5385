-- Builds that nobody will read any more: neither the published one nor the one that rollback would bring back, nor one
-- that waits for its publication.
delete from builds.published
where turn is distinct from (select max(turn) from builds.published)
  and build <> all (
    select build from undo.load
    union all
    select load_run_id from warehouse.load_run where status = 'shadow'
  )
