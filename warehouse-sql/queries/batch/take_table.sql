-- Whoever reads a partition has locked its parent.
lock table only {table} in access exclusive mode
