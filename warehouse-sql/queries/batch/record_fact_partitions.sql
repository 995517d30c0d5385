insert into batch.fact_partition (build, fact, day, table_name)
select $1, fact, day::date, table_name
from unnest($2::text[], $3::text[], $4::text[]) as n (fact, day, table_name)
