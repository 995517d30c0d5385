-- Readers that come through the parent lock it before they read a partition, so the lock of the parent is
-- enough.
lock table only {table} in access exclusive mode
