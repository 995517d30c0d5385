create table stage.{table} (like batch.{rollup})
