alter table batch.{rollup} detach partition {old};
drop table {old};
alter table stage.{table} set schema parts;
alter table parts.{table} rename to batch_{rollup}_g{generation};
alter table batch.{rollup} attach partition parts.batch_{rollup}_g{generation}
  for values from (minvalue) to (maxvalue)
