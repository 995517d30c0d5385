-- How many records could not be decoded, whichever layer met them.
select count(*)::text as quarantined from warehouse.quarantine;
