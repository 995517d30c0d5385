-- As open_epoch.sql; the partition has a part that flushes append to, and one for folded rows, which leaves room on its pages for those
-- that are added to.
create table parts.speed_{table}_e{epoch} (
  like speed.{table},
  constraint epoch_{epoch} check (epoch = {epoch})
) partition by list (is_folded);
alter table parts.speed_{table}_e{epoch}
  alter column epoch set default {epoch},
  alter column is_folded set default false;
create table parts.speed_{table}_e{epoch}_new partition of parts.speed_{table}_e{epoch} for values in (false);
create table parts.speed_{table}_e{epoch}_folded partition of parts.speed_{table}_e{epoch} (is_folded default true)
  for values in (true) with (fillfactor = 80);
create unique index on parts.speed_{table}_e{epoch}_folded ({keys});
alter table speed.{table} attach partition parts.speed_{table}_e{epoch} for values in ({epoch})
