-- Later than the publishing one: everything that sees this one sees the load.
select pg_current_xact_id()
