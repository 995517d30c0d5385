-- What a kernel has to know of the log beyond the stretch that it reads again (docs/metrics.md).

create table batch.counted_ahead (
  topic     text    not null,
  partition integer not null,
  identity  bigint  not null,
  ts        bigint  not null,
  primary key (topic, partition, identity)
);
comment on table batch.counted_ahead is 'Loaded events that came more than a day ahead of their partition, and whose time has not passed: should they come again, they are redeliveries.';
comment on column batch.counted_ahead.identity is 'hash of topic, user, session, item in session and time';
comment on column batch.counted_ahead.ts is 'event time, milliseconds since 1970';

create table batch.replay_point (
  topic         text    not null,
  partition     integer not null,
  record_offset bigint  not null,
  watermark     text    not null,
  greatest      bigint  not null,
  primary key (topic, partition, record_offset)
);
comment on table batch.replay_point is 'Places from which a topic can be read again where another topic lags far behind it. Facts about the log, written by either layer.';
comment on column batch.replay_point.watermark is 'the watermark as it was before record_offset';
comment on column batch.replay_point.greatest is 'its greatest timestamp, milliseconds since 1970: no record in the window before record_offset is later';
