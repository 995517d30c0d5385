-- Moves on where nobody else has meanwhile: the row's number of changes says whether.
insert into warehouse.catalogue_progress as t (topic, partition, next_offset)
values ($1, $2::integer, $4)
on conflict (topic, partition) do update
set next_offset = excluded.next_offset
where t.next_offset = $3
