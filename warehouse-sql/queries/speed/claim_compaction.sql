-- Whoever gets this lock may compact until its transaction ends. -1 is never a partition number.
select pg_try_advisory_xact_lock(1886350457, -1)
