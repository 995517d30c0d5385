-- One load at a time; the lock goes with the session.
select pg_try_advisory_lock(1886350458, 0)
