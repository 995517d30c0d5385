alter table stage.{table} add primary key (minute, location_key)
