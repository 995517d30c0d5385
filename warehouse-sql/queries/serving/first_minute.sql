-- The first minute with events, in epoch milliseconds, as far as minutes are kept, else its hour; null in an empty warehouse.
with day as (
  select min(day) as day from layers.day_totals
),
hour as (
  select min(h.hour) as hour
  from layers.hour_totals as h
  where h.hour < (select (day + 1)::timestamp at time zone 'UTC' from day)
)
select (extract(epoch from coalesce(min(m.minute), hour.hour)) * 1000)::bigint::text as first_minute
from hour
left join layers.minute_totals as m on m.minute >= hour.hour and m.minute < hour.hour + interval '1 hour'
group by hour.hour;
