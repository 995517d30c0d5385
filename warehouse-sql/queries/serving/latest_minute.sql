-- The last minute with events, in epoch milliseconds; null in an empty warehouse. An event with a wild
-- clock must not drag the live page into the future, so minutes far ahead do not count. The loaded minutes are those of
-- years: only those of the last day that has any are looked at.
select (extract(epoch from greatest(
  (
    select max(minute) from layers.minute_totals
    where is_loaded
      and minute < now() + interval '10 minutes'
      and minute >= (
        select max(day) from layers.day_totals
        where is_loaded and day <= (now() + interval '10 minutes') at time zone 'UTC'
      )::timestamp at time zone 'UTC'
  ),
  (select max(minute) from layers.recent_totals where minute < now() + interval '10 minutes')
)) * 1000)::bigint::text as latest_minute;
