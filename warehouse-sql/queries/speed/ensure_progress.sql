-- A partition that nobody has read yet begins at the log's first record.
insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark)
values ($1, $2, $3, $3, $4)
on conflict do nothing
