alter table {parent} attach partition stage.{table} default
