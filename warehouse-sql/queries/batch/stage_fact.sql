create table stage.{table} (
  like warehouse.{fact},
  constraint day_{day} check (ts >= '{day} 00:00:00+00' and ts < '{next_day} 00:00:00+00')
)
