alter table stage.{table} set schema parts;
alter table parts.{fact}_b{build} attach partition parts.{table}
  for values from ('{day} 00:00:00+00') to ('{next_day} 00:00:00+00')
