-- How far the speed layer is behind, in seconds of the events' own clock, as far as the database knows it. While a worker renews
-- its lease: by how much the newest event was behind the clock when it was committed, or 0 where nothing has been committed for a
-- minute, as the worker has nothing to do then. Without a worker: the age of the newest event. Null where that event was more than a
-- day old when it was committed, as it then came from an import of history and not from a site, or where no event is known.
with newest as (
  -- The marks of a healthy site may be ten minutes old; what the last flush reached is not.
  select greatest((select max(farthest) from speed.watermark_mark), (select max(greatest) from speed.reached)) / 1000.0 as event
), last as (
  select max(updated_at) as committed_at, extract(epoch from max(updated_at)) as seconds from speed.progress
)
select
  case
    when last.seconds - newest.event > 86400 then null
    when exists (select from speed.worker where lease_until > now())
      then case when last.committed_at > now() - interval '1 minute' then greatest(0, last.seconds - newest.event) else 0 end
    else greatest(0, extract(epoch from now()) - newest.event)
  end::text as lag_seconds
from newest
cross join last
where newest.event is not null and last.seconds is not null;
