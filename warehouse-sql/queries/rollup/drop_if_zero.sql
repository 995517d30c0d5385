-- When a credit has moved to another song, the row of the former song may have nothing left; such rows are
-- deleted, as a full load does not make them.
delete from {target}
where ({keys}) in (select {keys} from stage.{table})
  and coalesce({counters}) is null
  and coalesce({sketches}) is null
