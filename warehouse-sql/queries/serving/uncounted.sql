-- Records that no number has: those that could not be decoded, whichever layer met them, and those whose loss was accepted.
select
  (select count(*)::text from warehouse.quarantine) as quarantined,
  (select coalesce(sum(records), 0)::text from warehouse.lost_records) as lost;
