-- A credit that moved on to another song leaves nothing behind.
delete from {target}
where ({keys}) in (select {keys} from stage.{table})
  and coalesce({counters}) is null
  and coalesce({sketches}) is null
