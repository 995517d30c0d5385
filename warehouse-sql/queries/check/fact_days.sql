-- The days (since 1970-01-01) that a fact has rows of, or had.
select day - date '1970-01-01' from batch.fact_partition where fact = $1
