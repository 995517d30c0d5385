alter table stage.{table} add primary key ({keys})
