-- Whether those hours are less than a quarter of all hours since the first of them: more are read faster in one go. None
-- are few. And from when to when they are.
select
  coalesce(
    count(distinct hour) * 4
      < extract(epoch from (select max(hour) from {hour_user}) - min(hour)) / 3600 + 1,
    true) as are_few,
  min(hour) as first,
  layers.hour_end(max(hour)) as until
from stage.{hours}
