alter table stage.{table} add primary key (minute, device_key)
