-- Waits until nobody who plans or runs a statement with this table is left, and keeps others from beginning to, until the end of
-- the transaction. Its partitions are locked by whoever goes on to them, and not here.
lock table only {table} in access exclusive mode
