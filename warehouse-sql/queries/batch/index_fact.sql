create index on stage.{table} (ts)
