-- An empty partition for a day, in a transaction before the one that fills it: no statement that was planned without it is
-- left by then.
create table parts.{table} (
  like builds.{fact},
  constraint build_{build} check (build = {build}),
  -- So that a question by ts leaves the other days of the month out (docs/decisions/0040).
  constraint day_{day} check (ts >= '{day} 00:00:00+00' and ts < '{next_day} 00:00:00+00'),
  -- By this a month takes it without reading it, and beside the months a question by date_key leaves it out.
  constraint date_key_{day} check (date_key = {day})
);
-- So that a question through dim_date asks every partition's index and reads one (docs/decisions/0019).
alter table parts.{table} alter column date_key set (n_distinct = 366);
create index on parts.{table} using brin (ts, date_key) with (pages_per_range = 8)
