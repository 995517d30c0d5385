-- The table is made first and attached then, as readers and flushes do not wait for the lock of attaching; they
-- would wait for that of create table ... partition of.
create table parts.speed_{table}_e{epoch} (
  like speed.{table},
  constraint epoch_{epoch} check (epoch = {epoch})
);
alter table parts.speed_{table}_e{epoch} alter column epoch set default {epoch};
alter table speed.{table} attach partition parts.speed_{table}_e{epoch} for values in ({epoch})
