create table stage.{table} (
  like builds.{fact},
  constraint build_{build} check (build = {build}),
  constraint day_{day} check (ts >= '{day} 00:00:00+00' and ts < '{next_day} 00:00:00+00'),
  -- So that a question by date_key leaves other days out, as one by ts does.
  constraint date_key_{day} check (date_key = {day})
);
alter table stage.{table}
  alter column build set default {build},
  -- So that a question through dim_date asks every partition's index and reads one (docs/decisions/0019).
  alter column date_key set (n_distinct = 366),
  alter column load_run_id set default {run}
