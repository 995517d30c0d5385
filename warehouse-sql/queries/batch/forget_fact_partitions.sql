delete from batch.fact_partition
