-- A partition of which nobody has noted the topic's id yet (it is new, or librdkafka or Polyrhythm was an older one) is of the topic that
-- is there now.
update speed.progress as p
set topic_id = n.topic_id
from unnest($1::text[], $2::text[]) as n (topic, topic_id)
where p.topic = n.topic
  and p.partition = any ($3)
  and p.topic_id is null
