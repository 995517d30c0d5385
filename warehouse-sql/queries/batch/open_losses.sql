-- What speed workers have passed over, and no load has counted yet.
select topic, partition, from_offset, to_offset
from warehouse.lost_range
where noticed_by = 'speed' and counted_by is null
