select table_name, lower, upper from undo.span order by table_name, lower
