-- What each layer has done, and the handoff between them (DESIGN section 7).

create table speed.current_epoch (
  only_row boolean primary key default true check (only_row),
  epoch    integer not null
);
comment on table speed.current_epoch is 'The epoch that flushes write to. A flush locks the row for share, a cut for update.';
insert into speed.current_epoch (epoch) values (1);

create table speed.progress (
  topic            text        not null,
  partition        integer     not null,
  next_offset      bigint      not null,
  replay_from      bigint      not null,
  replay_watermark text        not null,
  updated_at       timestamptz not null default now(),
  primary key (topic, partition)
);
comment on table speed.progress is 'How far the speed layer has committed. Moves only from the expected old offset, so that a worker who has been replaced cannot write.';
comment on column speed.progress.next_offset is 'all records below are in the rollups';
comment on column speed.progress.replay_from is 'reading from here to next_offset rebuilds the kernel''s state';
comment on column speed.progress.replay_watermark is 'the watermark as it was at replay_from';

create table batch.published (
  only_row     boolean primary key default true check (only_row),
  loaded_epoch integer     not null,
  load_run_id  bigint,
  final_before timestamptz not null,
  published_at timestamptz
);
comment on table batch.published is 'The last published load: speed rows of epochs up to loaded_epoch are in batch.';
comment on column batch.published.final_before is 'minutes before this are complete, but for events that come later than the allowed lateness';
insert into batch.published (loaded_epoch, final_before) values (0, '-infinity');

create table batch.progress (
  topic            text    not null,
  partition        integer not null,
  next_offset      bigint  not null,
  replay_from      bigint  not null,
  replay_watermark text    not null,
  primary key (topic, partition)
);
comment on table batch.progress is 'The cut of the last published load: all records below next_offset are in warehouse and batch.';

create table warehouse.load_run (
  load_run_id  bigint generated always as identity primary key,
  kind         text        not null check (kind in ('full', 'incremental')),
  status       text        not null check (status in ('running', 'published', 'failed')),
  started_at   timestamptz not null default now(),
  finished_at  timestamptz,
  epoch        integer,
  cut          jsonb,
  events_read  bigint,
  listens      bigint,
  auths        bigint,
  page_views   bigint,
  quarantined  bigint,
  late         bigint,
  redelivered  bigint,
  seconds      jsonb,
  error        text
);
comment on table warehouse.load_run is 'One row a run of the batch layer.';
comment on column warehouse.load_run.epoch is 'the epoch that the cut closed';
comment on column warehouse.load_run.cut is 'the exclusive end offset of each topic and partition';
comment on column warehouse.load_run.events_read is 'records between the previous cut and this one: listens + auths + page_views + quarantined + redelivered';
comment on column warehouse.load_run.late is 'of the counted events, those behind the watermark when they came';
comment on column warehouse.load_run.redelivered is 'events that had been counted before, and were not again';
comment on column warehouse.load_run.seconds is 'seconds spent in each phase';

create table warehouse.quarantine (
  topic         text        not null,
  partition     integer     not null,
  record_offset bigint      not null,
  reason        text        not null,
  raw           bytea       not null,
  found_at      timestamptz not null default now(),
  primary key (topic, partition, record_offset)
);
comment on table warehouse.quarantine is 'Records that could not be decoded, as they came. Written by whichever layer meets them first.';

-- The first epoch's partitions; each cut makes those of the next one (queries/batch/open_epoch.sql).
create table parts.speed_minute_totals_e1 partition of speed.minute_totals (epoch default 1) for values in (1);
create table parts.speed_minute_song_e1 partition of speed.minute_song (epoch default 1) for values in (1);
create table parts.speed_minute_user_e1 partition of speed.minute_user (epoch default 1) for values in (1);
create table parts.speed_minute_location_e1 partition of speed.minute_location (epoch default 1) for values in (1);
create table parts.speed_minute_device_e1 partition of speed.minute_device (epoch default 1) for values in (1);
create table parts.speed_minute_audience_e1 partition of speed.minute_audience (epoch default 1) for values in (1);
create table parts.speed_minute_page_e1 partition of speed.minute_page (epoch default 1) for values in (1);

create table batch.fact_partition (
  fact       text not null,
  day        date not null,
  table_name text not null,
  primary key (fact, day)
);
comment on table batch.fact_partition is 'Which table of the schema parts is the partition of a fact for a day (UTC).';
