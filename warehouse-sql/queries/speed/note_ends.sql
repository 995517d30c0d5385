-- Where the log ends now. Where all that it had at the look before is committed, what the layer shows is no older than that look.
insert into speed.log_end as e (topic, partition, end_offset, seen_at)
select topic, partition, end_offset, now()
from unnest($1::text[], $2::bigint[], $3::bigint[]) as n (topic, partition, end_offset)
on conflict (topic, partition) do update set
  end_offset = excluded.end_offset,
  seen_at = excluded.seen_at,
  covered_at = case
    when e.end_offset <= (
      select p.next_offset from speed.progress as p where p.topic = e.topic and p.partition = e.partition
    ) then e.seen_at
    else e.covered_at
  end
