create table parts.{fact}_b{build}_rare (
  like builds.{fact}, constraint build_{build} check (build = {build})
);
-- So that a question through dim_date asks every partition's index and reads one (docs/decisions/0019).
alter table parts.{fact}_b{build}_rare alter column date_key set (n_distinct = 366);
create index on parts.{fact}_b{build}_rare using brin (ts, date_key) with (pages_per_range = 8);
alter table parts.{fact}_b{build} attach partition parts.{fact}_b{build}_rare default
