-- Keeps publications away until the transaction ends; gives up where one is under way.
set local lock_timeout = '2s';
lock table batch.published in access share mode
