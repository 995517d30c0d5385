insert into warehouse.quarantine (topic, partition, record_offset, reason, raw)
select topic, partition, record_offset, reason, raw
from pg_temp.new_quarantine
on conflict do nothing
