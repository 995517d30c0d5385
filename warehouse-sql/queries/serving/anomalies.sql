-- Hours that are not as usual, of those that begin from $1 on and before $2 (epoch milliseconds), newest first: $3 rows at most. Of the
-- hour that is not over only what is more than usual already. The names and types of these columns are those of
-- /api/v1/anomalies.
with present as (
  select max(minute) + interval '1 minute' as until
  from layers.minute_totals
)
select
  to_char(hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as hour,
  scope,
  state,
  measure,
  value,
  to_json(expected) as expected,
  weeks,
  to_json(score) as score,
  to_json(a.hour + interval '1 hour' <= until) as is_over
from mart.anomaly_hourly as a
cross join present
where
  is_anomaly
  and a.hour >= to_timestamp($1::bigint / 1000.0)
  and a.hour < to_timestamp($2::bigint / 1000.0)
  and (score > 0 or a.hour + interval '1 hour' <= until)
order by a.hour desc, scope desc, abs(a.score) desc, state, measure
limit $3::bigint;
