-- The first day with events, in epoch milliseconds; null in an empty warehouse.
select (extract(epoch from min(day)) * 1000)::bigint::text as first_day from layers.day_totals;
