select pg_advisory_unlock(1886350458, 0)
