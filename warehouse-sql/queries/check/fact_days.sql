-- The days, counted from 1970-01-01, for which a fact has a partition.
select day - date '1970-01-01' from batch.fact_partition where fact = $1
