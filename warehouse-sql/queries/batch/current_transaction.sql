-- This transaction is later than the one that published the load, so a snapshot that sees it sees the load.
select pg_current_xact_id()
