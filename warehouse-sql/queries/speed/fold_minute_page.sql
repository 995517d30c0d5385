-- Adds up the closed minutes' rows of one key in a stretch of minute_page, in one statement, so that every
-- reader sees either them or their sum. Rows are only ever appended beside this, never changed.
with counted as (
  select ctid as place, count(*) over (partition by minute, page, method, status, auth, level) as rows
  from {table}
  where ctid >= $1::text::tid and ctid < $2::text::tid and minute < $3
),
taken as (
  delete from {table} as t
  using counted as c
  where t.ctid = c.place and c.rows > 1
  returning t.*
)
insert into {table}
  (minute, page, method, status, auth, level,
   page_views, errors, active_users, sessions)
select
  minute, page, method, status, auth, level,
  sum(page_views), sum(errors), hll_union_agg(active_users), hll_union_agg(sessions)
from taken
group by minute, page, method, status, auth, level
