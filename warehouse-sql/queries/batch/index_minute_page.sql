alter table stage.{table} add primary key (minute, page, method, status, auth, level)
