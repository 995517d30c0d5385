insert into parts.{partition} select * from stage.{table}
