create table parts.{fact}_b{build}_rare (
  like builds.{fact}, constraint build_{build} check (build = {build})
);
create index on parts.{fact}_b{build}_rare using brin (ts) with (pages_per_range = 32);
alter table parts.{fact}_b{build} attach partition parts.{fact}_b{build}_rare default
