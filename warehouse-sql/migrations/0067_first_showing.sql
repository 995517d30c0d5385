-- Where local clocks show a time twice, PostgreSQL takes the second of the two, and so the start of a day in Havana or on the Azores
-- whose midnight comes twice would lie an hour within the day. A range that begins there begins with the first (docs/api.md).

create function layers.first_showing(shown timestamp, zone_name text) returns timestamptz
language sql stable parallel safe
return case
  -- Where the clocks have not changed within a day there is one such time.
  when ((shown at time zone zone_name) - interval '24 hours') at time zone zone_name = shown - interval '24 hours'
    then shown at time zone zone_name
  -- When the clocks of the day before would have shown it, if they did.
  when ((shown at time zone zone_name) - interval '24 hours'
      + (shown - ((shown at time zone zone_name) - interval '24 hours') at time zone zone_name)) at time zone zone_name = shown
    then (shown at time zone zone_name) - interval '24 hours'
      + (shown - ((shown at time zone zone_name) - interval '24 hours') at time zone zone_name)
  else shown at time zone zone_name
end;
comment on function layers.first_showing(timestamp, text) is 'When the clocks of a time zone show a time: the first of two where they show it twice, and where they pass over it, when they do.';
