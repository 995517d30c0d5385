-- What speed workers know and nobody else does, for those who watch them (/metrics). Nothing that is counted depends on it.

create table speed.log_end (
  topic      text        not null,
  partition  integer     not null,
  end_offset bigint      not null,
  seen_at    timestamptz not null,
  primary key (topic, partition)
) with (fillfactor = 50);
comment on table speed.log_end is 'Where the log ended when the worker of a partition looked last, which it does every two seconds. A log in files is not open to the server that shows how far the layers are behind.';
comment on column speed.log_end.topic is 'the topic of the records';
comment on column speed.log_end.partition is 'the partition number within the topic';
comment on column speed.log_end.end_offset is 'one past the offset of the last record';
comment on column speed.log_end.seen_at is 'when the worker looked';

create table speed.reached (
  topic     text    not null,
  partition integer not null,
  greatest  bigint  not null,
  watermark bigint  not null,
  primary key (topic, partition)
) with (fillfactor = 50);
comment on table speed.reached is 'How far event time has come with what the last flush committed. speed.watermark_mark has that of earlier offsets, ten minutes of event time apart.';
comment on column speed.reached.topic is 'the topic of the records';
comment on column speed.reached.partition is 'the partition number within the topic';
comment on column speed.reached.greatest is 'how far event time has come, milliseconds since 1970';
comment on column speed.reached.watermark is 'the same less the allowed lateness: an event from before it is late, milliseconds since 1970';

-- A row for each worker would leave the rows of the dead behind, or lose their counts. The least of a worker's partitions is no
-- other worker's at the same time, so that nobody waits for anybody's row.
create table speed.work (
  partition     integer          primary key,
  flushes       bigint           not null,
  flush_seconds double precision not null,
  listens       bigint           not null,
  auths         bigint           not null,
  page_views    bigint           not null,
  late          bigint           not null,
  redelivered   bigint           not null,
  quarantined   bigint           not null
) with (fillfactor = 50);
comment on table speed.work is 'What speed workers have done so far. Its sums are of all workers; a row is of those whose least partition this was.';
comment on column speed.work.partition is 'the least partition number of the worker';
comment on column speed.work.flushes is 'flushes that were committed and whose time is known: that of the last one is told by the next one';
comment on column speed.work.flush_seconds is 'seconds that these flushes took, with what the log does to keep their records';
comment on column speed.work.listens is 'plays counted';
comment on column speed.work.auths is 'logins counted, failed ones too';
comment on column speed.work.page_views is 'page views counted';
comment on column speed.work.late is 'of the counted events, those outside the window of the watermark';
comment on column speed.work.redelivered is 'events that had been counted before, and were not again';
comment on column speed.work.quarantined is 'records that could not be decoded';
