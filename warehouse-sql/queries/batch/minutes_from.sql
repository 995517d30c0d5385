-- From when on the published rollups have minutes, in minutes since 1970; null where they have all. And whether the facts
-- can answer for minutes that are given up.
select
  case when isfinite(minutes_from) then extract(epoch from minutes_from)::bigint / 60 end,
  facts_know_credits
from batch.published
