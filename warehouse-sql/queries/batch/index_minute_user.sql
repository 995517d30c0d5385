alter table stage.{table} add primary key (minute, user_key)
