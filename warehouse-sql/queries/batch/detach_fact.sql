-- A build's facts. Not concurrently: while that is under way, and as long as it is left half done, PostgreSQL 15 numbers the
-- partitions otherwise when a statement begins than when it was planned. A statement that leaves partitions out as it begins
-- (ts >= now() - interval '1 day', a prepared one) finds no facts then.
alter table {parent} detach partition {table}
