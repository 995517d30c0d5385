-- Moves on where nobody else has meanwhile: the row's number of changes says whether. This transaction's commit does not wait for
-- the disk: what a crash of the server takes of it goes together with the progress, and is read again. Of many partitions each has a commit.
insert into warehouse.catalogue_progress as t (topic, partition, next_offset)
select $1::text, $2::integer, $4::bigint
from set_config('synchronous_commit', 'off', true)
on conflict (topic, partition) do update
set next_offset = excluded.next_offset
where t.next_offset = $3
