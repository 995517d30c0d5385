-- What the staged days of a fact are audited as, and handed over as: one table of the build.
create table {table} (
  like builds.{fact},
  constraint build_{build} check (build = {build})
) partition by range (ts)
