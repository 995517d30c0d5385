-- Until when what has happened is known: where the events of the speed layer end, and not up to ten minutes later, where its next mark
-- would be (reached_before). A minute in the midst of which the speed layer stands still is not over, whatever the clock says.
--
-- Of the partitions that are behind the log's end the last one counts, as in catching up; a record more may be the mark with which
-- Kafka ends a transaction, which nobody counts. Where all records had been counted when the log's ends were looked at, there was
-- nothing more to know by then, less what the events were behind the clock when they were counted: a site with no listeners gets on,
-- while a worker says only that it is there.
create view layers.known as
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
comment on view layers.known is 'Until when both layers know what has happened, in one row.';
comment on column layers.known.known_until is 'what happened before this has been counted, but for late events; null where no speed layer has said how far it is';
