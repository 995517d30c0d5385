-- Those that nobody has. A worker that has been buried meanwhile gets none: it finds that out by looking.
insert into speed.assignment (partition, worker_id)
select p.partition, w.worker_id
from unnest($2::bigint[]) as p (partition)
join speed.worker as w on w.worker_id = $1
order by p.partition
for key share of w
on conflict do nothing
