-- Says that a load has counted records which a speed worker had to pass over; not where others know them to be lost too.
update warehouse.lost_range as l
set counted_by = $4
where l.topic = $1
  and l.partition = $2
  and l.from_offset = $3
  and l.noticed_by = 'speed'
  and not exists (
    select
    from warehouse.lost_range as o
    where o.topic = l.topic
      and o.partition = l.partition
      and o.noticed_by <> 'speed'
      and int8range(o.from_offset, o.to_offset) && int8range(l.from_offset, l.to_offset)
  )
