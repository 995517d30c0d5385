truncate undo.{table}
