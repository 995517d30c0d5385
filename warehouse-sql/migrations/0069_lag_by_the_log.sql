-- A worker that has nothing to do says every few seconds that the views are as of now, by a flush that moves nothing. So
-- speed.progress.updated_at is no sign of records, and how far a worker is behind is told by where the log ends.

alter table speed.progress add column moved_at timestamptz not null default now();
update speed.progress set moved_at = updated_at;
comment on column speed.progress.updated_at is 'when its worker committed last: what is served is as of then. A worker with nothing to do commits that, too';
comment on column speed.progress.moved_at is 'when next_offset moved last';
alter table undo.speed_progress add column moved_at timestamptz not null default now();
update undo.speed_progress set moved_at = updated_at;
comment on column undo.speed_progress.moved_at is 'speed.progress.moved_at at the cut';

alter table speed.log_end add column covered_at timestamptz;
comment on column speed.log_end.covered_at is 'a look before that of seen_at, whose records were all committed by the time of the next look: what the layer shows is no older. Null where no look was';

create view speed.partition_lag as
select
  p.topic,
  p.partition,
  case
    when e.end_offset <= p.next_offset and e.seen_at > now() - interval '30 seconds' then 0
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
comment on view speed.partition_lag is 'How far the speed layer is behind in each partition.';
comment on column speed.partition_lag.topic is 'the topic of the records';
comment on column speed.partition_lag.partition is 'the partition number within the topic';
comment on column speed.partition_lag.seconds is 'seconds by which it is behind: 0 where all records that the log had half a minute ago are committed; else the age of the newest event that is, or of the last look at the log whose records all are, whichever is less. Null for an import of history, and where no event is known';

-- As before, but for which partitions still commit: one that only beats has fallen silent.
create or replace view layers.event_time as
select
  date_trunc('minute', greatest(p.final_before, (
    select least(crowd.reached, (
      select min(minute)
      from (
        select minute
        from layers.minute_totals
        where minute >= crowd.reached - interval '3 hours'
        group by minute
        having
          coalesce(sum(listens), 0) - coalesce(sum(completed), 0) - coalesce(sum(skipped), 0) - coalesce(sum(partial), 0)
          > coalesce(sum(listens), 0) / 100
      ) as open_minute
    ))
    from (
      select to_timestamp(min(greatest) / 1000.0) as reached
      from (
        select max(m.greatest) as greatest
        from speed.watermark_mark as m
        join speed.progress as s using (topic, partition)
        where m.topic = 'listen_events'
          and s.moved_at >= (
            select max(moved_at) - interval '15 minutes' from speed.progress where topic = 'listen_events'
          )
        group by m.partition
      ) as committing
    ) as crowd
  )), 'UTC') as settled_before,
  (
    select greatest(p.final_before, to_timestamp(max(greatest) / 1000.0) + interval '10 minutes')
    from speed.watermark_mark
    having count(*) > 0
  ) as reached_before
from batch.published as p;
