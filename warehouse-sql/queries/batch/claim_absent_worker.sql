-- True where no speed worker has the partition; keeps one from starting until the cut is made.
select pg_try_advisory_xact_lock(1886350457, $1::integer)
