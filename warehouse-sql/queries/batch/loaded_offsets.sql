select topic, partition, next_offset from batch.progress
union all
select topic, partition, next_offset from warehouse.catalogue_progress
