-- Attaching a table takes a lock that readers and flushes do not wait for; creating a partition in
-- place does not.
create table parts.speed_{table}_e{epoch} (
  like speed.{table},
  constraint epoch_{epoch} check (epoch = {epoch})
);
alter table parts.speed_{table}_e{epoch} alter column epoch set default {epoch};
alter table speed.{table} attach partition parts.speed_{table}_e{epoch} for values in ({epoch})
