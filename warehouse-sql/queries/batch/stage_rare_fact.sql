-- One table for the facts of all days that have few of them.
create table stage.{table} (
  like builds.{fact},
  constraint build_{build} check (build = {build})
);
alter table stage.{table}
  alter column build set default {build},
  alter column load_run_id set default {run}
