insert into speed.reservation (topic, partition, from_offset, end_offset, load_run_id)
values ($1, $2, $3, $4, $5)
