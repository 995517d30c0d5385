-- What stands out, the most striking first: $1 rows at most. The first two columns are the six hours, in each row; where nothing
-- stands out there is one row, without the others. The names and types of these are those of /api/v1/trending.
with present as (
  select date_trunc('hour', max(minute)) as until
  from layers.minute_totals
)
select
  to_char((until - interval '6 hours') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "from",
  to_char(until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "to",
  kind,
  artist,
  title,
  listens,
  to_json(expected) as expected,
  to_json(score) as score
from present
left join mart.trending on true
order by trending.score desc nulls last, kind, artist, title
limit $1::bigint;
