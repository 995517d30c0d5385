-- One compactor at a time, until its transaction ends. Partition numbers are not negative.
select pg_try_advisory_xact_lock(1886350457, -1)
