-- The last minute with events, in epoch milliseconds; null in an empty warehouse. An event with a wild
-- clock must not drag the live page into the future, so minutes far ahead do not count.
select (extract(epoch from max(minute)) * 1000)::bigint::text as latest_minute
from layers.minute_totals
where minute < now() + interval '10 minutes';
