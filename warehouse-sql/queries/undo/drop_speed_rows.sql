delete from speed.{table} where epoch > $1
