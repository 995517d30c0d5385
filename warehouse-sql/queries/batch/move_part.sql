alter table stage.{table} set schema parts
