-- Completes a rollup of a full load. Columns that are added with a constant are not written into the rows that are there
-- (docs/decisions/0035). Its index is packed: rows of later times come at its end.
alter table stage.{table}
  add column build integer not null default {build},
  add column load_run_id integer not null default {run},
  add constraint build_{build} check (build = {build}),
  add primary key ({keys}) with (fillfactor = 100)
