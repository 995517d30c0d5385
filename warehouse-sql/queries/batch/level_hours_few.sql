-- Whether those hours are less than a quarter of all hours since the first of them: more are read faster in one go. None
-- are few.
select
  coalesce(
    count(distinct hour) * 4
      < extract(epoch from (select max(hour) from {hour_user}) - min(hour)) / 3600 + 1,
    true) as are_few
from stage.{hours}
