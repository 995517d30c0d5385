-- severity: warning
-- No record was lost before it was counted; what is here was accepted (--accept-loss) and is missing in every number.
-- on: check
-- Offsets have no event time, so that the bounds of the check choose none of them.
select topic, partition, records, from_offset, to_offset, accepted_at
from warehouse.lost_records
where $1::timestamptz <= $2::timestamptz
order by topic, partition, from_offset
