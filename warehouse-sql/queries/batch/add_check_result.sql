-- A check that runs over several stretches of time may find something in each.
insert into warehouse.check_result as r (load_run_id, check_name, is_error, rule, broken_rows, examples)
values ($1, $2, $3, $4, $5, $6)
on conflict (load_run_id, check_name) do update
set broken_rows = r.broken_rows + excluded.broken_rows
