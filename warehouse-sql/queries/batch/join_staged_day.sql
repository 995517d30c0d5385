alter table {parent} attach partition stage.{table}
  for values from ('{day} 00:00:00+00') to ('{next_day} 00:00:00+00')
