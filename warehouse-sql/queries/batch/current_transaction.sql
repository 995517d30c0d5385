-- This transaction and this time are later than what the caller has committed, so that a statement which begins after them
-- sees it.
select pg_current_xact_id(), clock_timestamp()
