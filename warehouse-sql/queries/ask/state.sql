-- What `polyrhythm ask` says of an answer, and what its ranges end at: up to when loads have made all final, from when on
-- there are minutes of all rollups, the first minute with events that the facts lack, and the last one with events.
-- A clock that is ahead must not drag the range into the future.
select
  final_before,
  minutes_from,
  (select min(minute) from layers.minute_totals where not is_loaded) as not_loaded_from,
  (
    select max(minute) from layers.minute_totals where minute < now() + interval '10 minutes'
  ) as last_minute
from batch.published;
