-- How many records are missing in every number, because their loss was accepted.
select coalesce(sum(records), 0)::bigint as records from warehouse.lost_records
