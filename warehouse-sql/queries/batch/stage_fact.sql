create table stage.{table} (
  like builds.{fact},
  constraint build_{build} check (build = {build}),
  constraint day_{day} check (ts >= '{day} 00:00:00+00' and ts < '{next_day} 00:00:00+00')
);
alter table stage.{table}
  alter column build set default {build},
  alter column load_run_id set default {run}
