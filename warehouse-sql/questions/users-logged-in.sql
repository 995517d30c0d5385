-- How many people logged in, with how many logins, and how many attempts failed?
-- $1 from (inclusive), $2 to (exclusive). {user} is the rollup of users, both layers, with its column {time}; by
-- second the facts. People are counted exactly, each once in a bucket.
-- by: day second minute hour week month quarter year
-- chart: line users_logged_in
select
  date_trunc('{bucket}', {time}) as bucket,
  count(distinct u.user_id) filter (where r.logins > 0) as users_logged_in,
  coalesce(sum(r.logins), 0) as logins,
  coalesce(sum(r.failed_logins), 0) as failed_logins
from {user} as r
left join warehouse.dim_user as u using (user_key)
where {time} >= $1::timestamptz and {time} < $2::timestamptz
group by 1
order by 1
