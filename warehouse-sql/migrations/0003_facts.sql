-- Facts, one row an event, range-partitioned by day of ts (UTC). Loads attach new days and insert
-- into days that are there. References to dimensions are audited by warehouse-sql/checks before a
-- load is published instead of by foreign keys, which would be looked up row by row.

create table warehouse.fact_listen (
  ts              timestamptz not null,
  date_key        integer     not null,
  time_key        integer     not null,
  user_key        bigint      not null,
  location_key    bigint      not null,
  device_key      bigint      not null,
  session_id      bigint      not null,
  item_in_session integer     not null,
  song_key        bigint      not null,
  auth            text,
  level           text,
  duration_ms     integer,
  listened_ms     integer,
  outcome         text
) partition by range (ts);
comment on table warehouse.fact_listen is 'One row a play. Grain: (user, session_id, item_in_session, ts).';
comment on column warehouse.fact_listen.duration_ms is 'length of the song in milliseconds; null where the event does not say';
comment on column warehouse.fact_listen.listened_ms is 'milliseconds listened; null while the play is open';
comment on column warehouse.fact_listen.outcome is 'completed, partial or skipped; null while the play is open';

create table warehouse.fact_auth (
  ts              timestamptz not null,
  date_key        integer     not null,
  time_key        integer     not null,
  user_key        bigint      not null,
  location_key    bigint      not null,
  device_key      bigint      not null,
  session_id      bigint      not null,
  item_in_session integer     not null,
  success         boolean     not null,
  level           text
) partition by range (ts);
comment on table warehouse.fact_auth is 'One row a login attempt. Grain: (user, session_id, item_in_session, ts).';

create table warehouse.fact_page_view (
  ts              timestamptz not null,
  date_key        integer     not null,
  time_key        integer     not null,
  user_key        bigint      not null,
  location_key    bigint      not null,
  device_key      bigint      not null,
  session_id      bigint      not null,
  item_in_session integer     not null,
  song_key        bigint      not null,
  page            text        not null,
  method          text,
  status          integer,
  auth            text,
  level           text
) partition by range (ts);
comment on table warehouse.fact_page_view is 'One row a request. Grain: (user, session_id, item_in_session, ts).';
comment on column warehouse.fact_page_view.song_key is 'the song that the page view names; 0 where it names none';

-- Facts lie nearly in the order of their time, so a few bytes a block range find a stretch of time: for
-- loads that close plays, and for everybody's queries within a day.
create index fact_listen_ts on warehouse.fact_listen using brin (ts) with (pages_per_range = 32);
create index fact_auth_ts on warehouse.fact_auth using brin (ts) with (pages_per_range = 32);
create index fact_page_view_ts on warehouse.fact_page_view
  using brin (ts) with (pages_per_range = 32);
