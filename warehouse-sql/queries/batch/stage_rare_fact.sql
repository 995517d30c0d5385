-- One table for the facts of all days that have few of them.
create table stage.{table} (
  like builds.{fact},
  constraint build_{build} check (build = {build})
);
alter table stage.{table}
  alter column build set default {build},
  -- So that a question through dim_date asks every partition's index and reads one (docs/decisions/0019).
  alter column date_key set (n_distinct = 366),
  alter column load_run_id set default {run}
