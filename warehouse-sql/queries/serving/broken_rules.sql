-- How many rules the data broke at the last load that has ended, published or not: those that stop a load, and those that do not.
-- A load that was refused has looked at nothing.
select
  count(*) filter (where is_error)::text as errors,
  count(*) filter (where not is_error)::text as warnings
from warehouse.check_result
where load_run_id = (
  select max(load_run_id) from warehouse.load_state where finished_at is not null and not is_refused);
