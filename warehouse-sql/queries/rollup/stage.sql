create table stage.{table} (
  like builds.{rollup},
  constraint build_{build} check (build = {build})
);
alter table stage.{table}
  alter column build set default {build},
  alter column load_run_id set default {run}
