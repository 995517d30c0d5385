-- From when on the published rollups have minutes, in minutes since 1970; null where they have all.
select case when isfinite(minutes_from) then extract(epoch from minutes_from)::bigint / 60 end
from batch.published
