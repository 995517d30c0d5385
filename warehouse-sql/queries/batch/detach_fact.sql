alter table warehouse.{fact} detach partition parts.{table};
drop table parts.{table}
