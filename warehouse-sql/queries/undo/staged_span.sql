-- The first and the last time of staged rows, and the last one of which the rollup may have rows too: a day more has few of these.
-- Null where there are none.
select first::text, last::text, case when known >= first then least(last, known) end::text
from (select min({time}) as first, max({time}) as last from stage.{table}) as staged
cross join (select max({time}) as known from {target}) as there
