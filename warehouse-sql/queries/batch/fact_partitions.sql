select fact, day - date '1970-01-01', table_name from batch.fact_partition where build = $1
