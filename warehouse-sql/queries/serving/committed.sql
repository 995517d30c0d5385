-- What has been committed as far as this snapshot sees, in a row that is cheap enough for every answer. `version` is that
-- of state.sql. `number` grows with each transaction that ends, in whatever database of the server, and so tells which of two
-- snapshots is the later one: the transactions below the snapshot's end, less those that were still running. `published` is what of
-- the version changes with loads alone: the catalogue gives names and states with every flush where users sign up all the time.
-- `minutes_from` is when the minutes begin that rollups have, in epoch milliseconds, 0 where they have all.
select
  (select pg_snapshot_xmax(s)::text::bigint - (select count(*) from pg_snapshot_xip(s)))::text as number,
  concat_ws('/', e.epoch, loaded_epoch, load_run_id, p.offsets, f.fills) as version,
  concat_ws('/', loaded_epoch, load_run_id) as published,
  case when isfinite(minutes_from) then (extract(epoch from minutes_from) * 1000)::bigint else 0 end::text as minutes_from
from batch.published
cross join speed.current_epoch as e
cross join warehouse.catalogue_fill as f
cross join (
  select sum(next_offset) as offsets from speed.progress
) as p
cross join pg_current_snapshot() as s;
