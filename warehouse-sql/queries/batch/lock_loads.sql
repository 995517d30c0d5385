-- Whoever gets this lock may load; it is free again when the session ends.
select pg_try_advisory_lock(1886350458, 0)
