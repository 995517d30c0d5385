select partdefid <> 0 from pg_partitioned_table where partrelid = $1::regclass
