-- The epochs whose rows count, and whether flushes still write to them.
select n, n = e.epoch
from batch.published as p
cross join speed.current_epoch as e
cross join generate_series(p.loaded_epoch + 1, e.epoch) as n
order by n
