create index on stage.{table} using brin (ts, date_key) with (pages_per_range = 8)
