-- Notes records that the lake will never have. A load notes them each time, as the lake says so each time.
insert into warehouse.lost_range as l
  (topic, partition, from_offset, to_offset, intact_at, noticed_at, noticed_by)
values ($1, $2, $3, $4, $5::timestamptz, coalesce($6::timestamptz, now()), $7)
on conflict (topic, partition, from_offset, noticed_by) do update
set to_offset = greatest(l.to_offset, excluded.to_offset)
