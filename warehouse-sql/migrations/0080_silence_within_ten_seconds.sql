-- A worker that has stood still for ten seconds is behind by them. It had been half a minute, in which a worker that was
-- dead counted as one that is not behind. A worker that is alive says every five seconds at least what it has seen.

create or replace view speed.partition_lag as
select
  p.topic,
  p.partition,
  case
    when e.end_offset <= p.next_offset and e.seen_at > now() - interval '10 seconds' then 0
    -- What was more than a day old when it was committed came from an import of history, and not from a site.
    when extract(epoch from p.moved_at) - came.event <= 86400 then greatest(0, round(
      extract(epoch from now()) - greatest(
        came.event,
        extract(epoch from case when e.end_offset <= p.next_offset then e.seen_at else e.covered_at end)
      ), 3))
  end as seconds
from speed.progress as p
left join speed.log_end as e using (topic, partition)
left join speed.reached as r using (topic, partition)
-- A warehouse of before has no more than marks, which may be ten minutes old.
cross join lateral (
  select coalesce(r.greatest, (
    select max(m.farthest) from speed.watermark_mark as m where m.topic = p.topic and m.partition = p.partition
  )) / 1000.0 as event
) as came;
comment on column speed.partition_lag.seconds is 'seconds by which it is behind: 0 where all records that the log had ten seconds ago are committed; else the age of the newest event that is, or of the last look at the log whose records all are, whichever is less. Null for an import of history, and where no event is known';
