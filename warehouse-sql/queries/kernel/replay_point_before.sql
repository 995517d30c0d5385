-- The last place of a partition before which no record in the window has a time of $3 or later.
select record_offset, watermark
from {schema}.replay_point
where topic = $1 and partition = $2 and greatest < $3
order by record_offset desc
limit 1
