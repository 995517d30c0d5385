insert into warehouse.{fact} select * from stage.{table}
