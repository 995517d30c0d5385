-- What lies below the cut is looked up among the facts; the last mark there still says how far time had come.
delete from speed.watermark_mark as m
using batch.progress as p
where m.topic = p.topic
  and m.partition = p.partition
  and m.next_offset < (
    select max(next_offset)
    from speed.watermark_mark as l
    where l.topic = p.topic and l.partition = p.partition and l.next_offset <= p.next_offset
  )
