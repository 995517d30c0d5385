-- What the staged days of a fact are audited as: one table, like the one that they will be part of.
create table {table} (like warehouse.{fact}) partition by range (ts)
