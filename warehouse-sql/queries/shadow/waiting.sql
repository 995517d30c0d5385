-- The full load that waits for its publication: run, epoch of its cut, and how many loads that counted records in place of
-- a speed worker have been published since. The rows of those records are in their builds and nowhere else.
select
  s.load_run_id, s.epoch,
  (select count(*)
   from warehouse.load_run as l
   where l.load_run_id > s.load_run_id and l.status = 'published' and l.reserved > 0)
from warehouse.load_run as s
where s.status = 'shadow'
