delete from {table} where load_run_id = $1 and {time} >= $2 and {time} <= $3
