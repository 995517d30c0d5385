-- As before, but that events were behind the clock is told by when records moved the offsets last, and not by a worker that says
-- only that it is there: so on a quiet site what is known goes on with the looks at the log.
create or replace view layers.known as
select
  case
    -- A version before migration 0050 has left marks alone.
    when speed.greatest is null then (select reached_before from layers.event_time)
    else greatest(
      p.final_before,
      to_timestamp((
        case
          when speed.least_behind is not null then least(speed.greatest, speed.least_behind)
          else greatest(speed.greatest, speed.seen_at - greatest(0, speed.moved_at - speed.greatest))
        end
      ) / 1000.0))
  end as known_until
from batch.published as p
cross join (
  select
    max(r.greatest) as greatest,
    min(r.greatest) filter (where e.end_offset - s.next_offset > 1) as least_behind,
    extract(epoch from min(e.seen_at)) * 1000 as seen_at,
    extract(epoch from max(s.moved_at)) * 1000 as moved_at
  from speed.reached as r
  left join speed.progress as s using (topic, partition)
  left join speed.log_end as e using (topic, partition)
) as speed;
