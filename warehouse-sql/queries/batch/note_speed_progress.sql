-- What the workers had committed when the load took over from them.
create table stage.{table} as select * from speed.progress
