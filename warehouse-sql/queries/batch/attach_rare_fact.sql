create table parts.{table} (like warehouse.{fact});
alter table warehouse.{fact} attach partition parts.{table} default
