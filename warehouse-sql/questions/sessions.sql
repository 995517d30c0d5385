-- How many sessions began, how long were they, and how many songs did they have?
-- $1 from (inclusive), $2 to (exclusive). Reads the facts, as no rollup knows how long a session was. A session
-- counts where it begins, and lasts from its first event to its last; a day before and a day after the range are
-- read for that. All of it is exact.
-- by: day second minute hour week month quarter year
-- chart: line sessions
with event as (
  select session_id, ts, 1 as listens
  from warehouse.fact_listen
  where ts >= $1::timestamptz - interval '1 day' and ts < $2::timestamptz + interval '1 day'
  union all
  select session_id, ts, 0
  from warehouse.fact_page_view
  where ts >= $1::timestamptz - interval '1 day' and ts < $2::timestamptz + interval '1 day'
  union all
  select session_id, ts, 0
  from warehouse.fact_auth
  where ts >= $1::timestamptz - interval '1 day' and ts < $2::timestamptz + interval '1 day'
),
session as (
  select
    session_id, min(ts) as began, sum(listens) as listens,
    extract(epoch from max(ts) - min(ts)) / 60 as minutes
  from event
  group by 1
)
select
  date_trunc('{bucket}', began) as bucket,
  count(*) as sessions,
  round(avg(minutes), 1) as average_minutes,
  round((percentile_cont(0.5) within group (order by minutes))::numeric, 1) as median_minutes,
  round(max(minutes), 1) as longest_minutes,
  round(avg(listens), 1) as songs_per_session
from session
where began >= $1::timestamptz and began < $2::timestamptz
group by 1
order by 1
