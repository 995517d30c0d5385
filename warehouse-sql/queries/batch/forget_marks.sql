-- Events below the cut are looked up among the facts, so the marks there are of no use. The last of them is
-- kept, as it says how far event time had come at the cut. The cut that counts is the earliest of any that readers may
-- be taken back to, or on to.
with cut as (
  select
    b.topic, b.partition,
    least(
      b.next_offset,
      case when exists (select from undo.load) then coalesce(u.next_offset, 0) end,
      case when exists (select from shadow.progress) then coalesce(s.next_offset, 0) end)
      as next_offset
  from batch.progress as b
  left join undo.progress as u using (topic, partition)
  left join shadow.progress as s using (topic, partition)
)
delete from speed.watermark_mark as m
using cut
where m.topic = cut.topic
  and m.partition = cut.partition
  and m.next_offset < (
    select max(next_offset)
    from speed.watermark_mark as l
    where l.topic = cut.topic and l.partition = cut.partition and l.next_offset <= cut.next_offset
  )
