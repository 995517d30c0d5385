-- Nobody folds rows of the speed layer until this transaction ends (queries/speed/compactor_lock.sql).
select pg_advisory_xact_lock(1886350457, -1)
