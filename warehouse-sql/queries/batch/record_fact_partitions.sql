insert into batch.fact_partition (fact, day, table_name)
select $1, day::date, $3
from unnest($2::text[]) as day
