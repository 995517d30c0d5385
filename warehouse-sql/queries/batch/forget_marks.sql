-- Events below the cut are looked up among the facts, so the marks there are of no use. The last of them is
-- kept, as it says how far event time had come at the cut.
delete from speed.watermark_mark as m
using batch.progress as p
where m.topic = p.topic
  and m.partition = p.partition
  and m.next_offset < (
    select max(next_offset)
    from speed.watermark_mark as l
    where l.topic = p.topic and l.partition = p.partition and l.next_offset <= p.next_offset
  )
