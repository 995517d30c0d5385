insert into pg_temp.audited_whole_day (day)
select day
from unnest($1::date[]) as whole (day)
