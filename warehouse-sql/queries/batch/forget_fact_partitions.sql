delete from batch.fact_partition where build not in (select build from builds.published)
