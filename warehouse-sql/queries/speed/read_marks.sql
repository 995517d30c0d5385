select next_offset, greatest, farthest
from speed.watermark_mark
where topic = $1 and partition = $2
order by next_offset
