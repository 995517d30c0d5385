create index on stage.{table} using brin (ts) with (pages_per_range = 32)
