-- Records that could not be decoded, by either layer.
select count(*)::text as quarantined from warehouse.quarantine;
