-- Keeps full loads from publishing until this transaction ends. Where a full load is publishing already, this
-- waits for 2 s and then fails with 55P03.
set local lock_timeout = '2s';
lock table batch.published in access share mode
