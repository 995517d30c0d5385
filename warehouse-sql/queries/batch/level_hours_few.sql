-- Whether those hours are less than a quarter of all hours since the first of them: more are read faster in one go.
select
  count(distinct hour) * 4
    < extract(epoch from (select max(hour) from {hour_user}) - min(hour)) / 3600 + 1 as are_few
from stage.{hours}
