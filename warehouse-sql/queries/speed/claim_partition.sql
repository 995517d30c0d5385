-- One live worker a partition number. The lock goes with the session, so a dead worker holds nothing;
-- what keeps counts right is not this lock but the expected offset in advance_progress.
select pg_try_advisory_lock(1886350457, $1::integer)
