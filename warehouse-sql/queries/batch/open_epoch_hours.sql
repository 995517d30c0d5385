-- As open_epoch.sql. A row of an hour is added to again and again, and there is room on its page for that.
create table parts.speed_{table}_e{epoch} (
  like speed.{table},
  constraint epoch_{epoch} check (epoch = {epoch})
) with (fillfactor = 60);
alter table parts.speed_{table}_e{epoch} alter column epoch set default {epoch};
create unique index on parts.speed_{table}_e{epoch} ({keys});
alter table speed.{table} attach partition parts.speed_{table}_e{epoch} for values in ({epoch})
