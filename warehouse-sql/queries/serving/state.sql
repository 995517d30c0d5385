-- The state of the warehouse in one row, cheap enough to be asked for every second. `version` changes with
-- every record that the speed layer counts, every published load, and whatever comes to be known of members, and not where a worker
-- says only that it is there.
select
  to_char(greatest(p.updated_at, published_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as as_of,
  e.epoch::text as epoch,
  loaded_epoch::text as loaded_epoch,
  extract(epoch from now() - p.updated_at)::text as speed_age_seconds,
  extract(epoch from published_at)::text as published_at_seconds,
  concat_ws('/', e.epoch, loaded_epoch, load_run_id, p.offsets, f.fills) as version
from batch.published
cross join speed.current_epoch as e
cross join warehouse.catalogue_fill as f
cross join (
  select max(updated_at) as updated_at, sum(next_offset) as offsets from speed.progress
) as p;
