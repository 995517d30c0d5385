-- When a credit has moved to another song, the row of the former song may have nothing left; such rows are
-- deleted, as a full load does not make them. What was added to such a row takes something away, or is nothing itself: these
-- few alone are looked up.
delete from {target}
where ({keys}) in (
    select {keys}
    from stage.{table}
    where least({counters}) < 0 or coalesce({counters}) is null
  )
  and coalesce({counters}) is null
  and coalesce({sketches}) is null
