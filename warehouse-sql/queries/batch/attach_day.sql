-- A day, or a month, as a partition by ts. What is attached has a matching constraint, or its days have, so nothing is read.
alter table {parent} attach partition {table}
  for values from ('{day} 00:00:00+00') to ('{next_day} 00:00:00+00')
