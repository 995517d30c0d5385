-- How many locks the server has room for (PostgreSQL manual, max_locks_per_transaction).
select
  current_setting('max_locks_per_transaction')::bigint
  * (current_setting('max_connections')::bigint
    + current_setting('max_prepared_transactions')::bigint)
