-- All of its columns, as a dimension has few rows beside facts.
analyze warehouse.{table}
