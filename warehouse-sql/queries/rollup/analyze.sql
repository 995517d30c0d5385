analyze {table} ({columns})
