-- Where the rates of the tables of dashboard may be believed, for tools: of a window that begins before this the outcome of all but one
-- in a hundred plays is known (layers.event_time, where the rule is). The tables themselves show what is known so far, whatever the window.

create view dashboard.settled as
select
  settled_before as minutes_before,
  -- A minute is a whole one, so an hour that is over by then began before the hour it is in.
  date_trunc('hour', settled_before, 'UTC') as hours_before
from layers.event_time;
comment on view dashboard.settled is 'From when on plays are still open, in one row: rates over ended plays, of windows from there on are those of what ended early.';
comment on column dashboard.settled.minutes_before is 'windows of a minute that begin before this have settled; -infinity before any has';
comment on column dashboard.settled.hours_before is 'windows of an hour that begin before this have settled; -infinity before any has';
