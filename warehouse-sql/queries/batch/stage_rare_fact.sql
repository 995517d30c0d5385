-- Facts of days that have few; several days in one table.
create table stage.{table} (like warehouse.{fact})
