-- How far the speed layer is behind, in seconds, as far as the database knows it: by the partition that is behind most. Null where
-- that is known of none, as of an import of history.
select max(seconds)::text as lag_seconds from speed.partition_lag;
