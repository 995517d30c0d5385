-- A month of facts, for its days: partitions by date_key in a partition by ts, so that PostgreSQL leaves days out by either
-- (docs/decisions/0040).
create table {month} (
  like builds.{fact},
  constraint build_{build} check (build = {build})
) partition by range (date_key)
