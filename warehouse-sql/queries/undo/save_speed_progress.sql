insert into undo.speed_progress select * from stage.{table}
