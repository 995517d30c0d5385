select fact, to_char(day, 'YYYYMMDD'), table_name from batch.fact_partition
