-- The partition that the days of few facts of a month, or of all months without a table, share.
create table {parent}_rare (
  like builds.{fact}, constraint build_{build} check (build = {build})
);
-- So that a question through dim_date asks every partition's index and reads one (docs/decisions/0019).
alter table {parent}_rare alter column date_key set (n_distinct = 366);
create index on {parent}_rare using brin (ts, date_key) with (pages_per_range = 8);
alter table {parent} attach partition {parent}_rare default
