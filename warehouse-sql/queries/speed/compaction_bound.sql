-- The epoch that flushes write to, the minute before which hardly any rows are added any more, as most plays have ended by then,
-- and the bytes of a page.
select
  epoch,
  (select max(minute) - interval '6 minutes' from speed.minute_totals as t where t.epoch = e.epoch),
  current_setting('block_size')::integer
from speed.current_epoch as e
