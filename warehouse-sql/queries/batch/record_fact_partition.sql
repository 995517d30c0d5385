insert into batch.fact_partition (fact, day, table_name) values ($1, $2::date, $3)
