-- Which pages do people see last before they cancel?
-- $1 from (inclusive), $2 to (exclusive). Reads the facts, as no rollup knows the order of page views. A path is
-- the last four pages of the session before the confirmation, but for the songs between them. All of it is exact.
-- by: month day week quarter year
-- chart: bars path cancellations
with cancellation as (
  select ts, session_id, item_in_session
  from warehouse.fact_page_view
  where page = 'Cancellation Confirmation' and ts >= $1::timestamptz and ts < $2::timestamptz
),
step as (
  select
    c.ts, c.session_id, v.page,
    row_number() over (
      partition by c.ts, c.session_id, c.item_in_session order by v.ts desc, v.item_in_session desc
    ) as back
  from cancellation as c
  left join warehouse.fact_page_view as v
    on v.session_id = c.session_id and v.page <> 'NextSong'
    and (v.ts, v.item_in_session) < (c.ts, c.item_in_session)
    and v.ts >= $1::timestamptz - interval '1 day' and v.ts < $2::timestamptz
),
walked as (
  select ts, session_id, coalesce(string_agg(page, ' > ' order by back desc), 'nothing') as path
  from step
  where back <= 4
  group by 1, 2
),
counted as (
  select date_trunc('{bucket}', ts) as bucket, path, count(*) as cancellations
  from walked
  group by 1, 2
),
ranked as (
  select
    *, round(cancellations / sum(cancellations) over (partition by bucket), 3) as share,
    row_number() over (partition by bucket order by cancellations desc, path) as rank
  from counted
)
select bucket, rank, path, cancellations, share
from ranked
where rank <= 10
order by bucket, rank
