-- The load covers everything below the cut; a worker who comes back with older offsets is fenced off.
-- The replay point stays older than it needs to be, which is safe; publishing brings a newer one.
insert into speed.progress (topic, partition, next_offset, replay_from, replay_watermark)
values ($1, $2, $3, $4, $5)
on conflict (topic, partition) do update
set next_offset = excluded.next_offset, updated_at = now()
