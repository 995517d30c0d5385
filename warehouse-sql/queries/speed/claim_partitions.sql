-- Assigns those of the given partitions to the worker that nobody has. A worker that was buried meanwhile has no
-- row any more and gets none; it sees that at its next look.
insert into speed.assignment (partition, worker_id)
select p.partition, w.worker_id
from unnest($2::bigint[]) as p (partition)
join speed.worker as w on w.worker_id = $1
order by p.partition
for key share of w
on conflict do nothing
