-- Facts of a stretch of time, which begins and ends at these seconds since 1970, from one of the partitions that have its days.
-- Asked of all days at once, PostgreSQL would look at each of them to plan it, and unpack each row that it rechecks up to its day.
insert into pg_temp.audited_{table} ({columns}, build, load_run_id)
select {columns}, build, load_run_id
from parts.{partition}
where ts >= to_timestamp({first}) and ts < to_timestamp({until})
