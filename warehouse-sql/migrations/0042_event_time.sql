-- How far event time has come, for readers: docs/decisions/0025 says why it is this and no simpler.
--
-- A play is open while neither a next listen nor the watermark has ended it, and skipped plays end first: among the newest
-- plays those that have ended are no fair sample. So rates are taken over plays that began before settled_before.
-- That is the first minute of which more than one play in a hundred is open, as far as three hours back from where event time is
-- known to have come. It is taken from the marks of the partitions that still commit: at most ten minutes of event time lie between
-- two marks, and what the crowd has not reached is in none, so that no wild clock counts. What is still open further back claims to
-- last for hours, or is the last play of a partition that fell silent, and keeps nobody waiting.
create view layers.event_time as
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
          and s.updated_at >= (
            select max(updated_at) - interval '15 minutes' from speed.progress where topic = 'listen_events'
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
comment on view layers.event_time is 'How far event time has come in what both layers have counted, in one row.';
comment on column layers.event_time.settled_before is 'the outcome of all but one in a hundred plays that began before this is known; -infinity before any is';
comment on column layers.event_time.reached_before is 'event time is before this; null where no speed layer has said how far it is';
