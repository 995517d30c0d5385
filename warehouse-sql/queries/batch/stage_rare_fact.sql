-- One table for the facts of all days that have few of them.
create table stage.{table} (like warehouse.{fact})
