-- Completes a staged day. A column that is added with a constant is not written into the rows that are there: PostgreSQL
-- knows its value for all of them (docs/decisions/0035). The rows are read once, for the constraints.
alter table stage.{table}
  add column date_key integer not null default {day},
  add column build integer not null default {build},
  add column load_run_id integer not null default {run},
  add constraint build_{build} check (build = {build}),
  -- So that a question by ts leaves the other days of the month out (docs/decisions/0040).
  add constraint day_{day} check (ts >= '{day} 00:00:00+00' and ts < '{next_day} 00:00:00+00'),
  -- By this a month takes it without reading it, and beside the months a question by date_key leaves it out.
  add constraint date_key_{day} check (date_key = {day});
-- So that a question through dim_date asks every partition's index and reads one (docs/decisions/0019).
alter table stage.{table} alter column date_key set (n_distinct = 366);
create index on stage.{table} using brin (ts, date_key) with (pages_per_range = 8)
