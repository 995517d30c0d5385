-- The last time that a rollup has rows of.
select coalesce(max({time}), '-infinity')::text from {target}
