select topic, partition, next_offset from warehouse.catalogue_progress
