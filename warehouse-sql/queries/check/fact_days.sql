-- The days, counted from 1970-01-01, for which the published build has a partition of a fact.
select day - date '1970-01-01'
from batch.fact_partition
where fact = $1 and build = (select build from batch.published)
