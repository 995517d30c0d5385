alter table stage.{table} add primary key (minute, gender, level)
