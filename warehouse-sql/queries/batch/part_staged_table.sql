alter table {parent} detach partition stage.{table}
