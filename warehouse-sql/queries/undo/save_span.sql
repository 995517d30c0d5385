insert into undo.span (table_name, lower, upper) values ($1, $2, $3)
