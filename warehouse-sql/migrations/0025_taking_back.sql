-- What a load that waits for its publication needs beside its rows, and what taking back the last published load needs.

create schema shadow;
comment on schema shadow is 'What a full load knows beside its rows, from when its build is complete until it is published.';

create table shadow.progress (
  load_run_id      bigint  not null,
  topic            text    not null,
  partition        integer not null,
  next_offset      bigint  not null,
  replay_from      bigint  not null,
  replay_watermark text    not null,
  log_epoch        bigint,
  primary key (topic, partition)
);
comment on table shadow.progress is 'batch.progress as it will be.';
create table shadow.counted_ahead (like batch.counted_ahead including indexes);
comment on table shadow.counted_ahead is 'batch.counted_ahead as it will be.';
create table shadow.replay_point (like batch.replay_point including indexes);
comment on table shadow.replay_point is 'batch.replay_point as it will be.';
create table shadow.user_seen (
  user_key   bigint      primary key,
  first_seen timestamptz not null,
  last_seen  timestamptz not null
);
comment on table shadow.user_seen is 'When each state of a user was first and last seen.';

create schema undo;
comment on schema undo is 'What was there before the last published load, so that load rollback can bring it back. Empty where there is nothing to take back.';

create table undo.load (
  only_row     boolean primary key default true check (only_row),
  load_run_id  bigint  not null,
  is_full      boolean not null,
  build        integer not null,
  closed_epoch integer not null,
  reserved     integer not null
);
comment on table undo.load is 'The load that can be taken back.';
comment on column undo.load.build is 'the build that was published before it';
comment on column undo.load.closed_epoch is 'the epoch that its cut closed';
comment on column undo.load.reserved is 'how many partitions have records that it counted in place of a speed worker';

create table undo.published (like builds.published);
comment on table undo.published is 'The state of the published build before an incremental load.';
create table undo.progress (like batch.progress including indexes);
comment on table undo.progress is 'batch.progress before the load.';
create table undo.counted_ahead (like batch.counted_ahead including indexes);
comment on table undo.counted_ahead is 'batch.counted_ahead before the load.';
create table undo.replay_point (like batch.replay_point including indexes);
comment on table undo.replay_point is 'batch.replay_point before the load.';
create table undo.speed_progress (like speed.progress including indexes);
comment on table undo.speed_progress is 'speed.progress at the cut of a load that had reserved partitions; else empty.';
create table undo.dim_user (
  user_key   bigint  primary key,
  user_id    bigint,
  first_seen timestamptz,
  last_seen  timestamptz,
  is_current boolean not null
);
comment on table undo.dim_user is 'What the load has changed of warehouse.dim_user, as it was.';
create table undo.user_level_history (like warehouse.user_level_history including indexes);
comment on table undo.user_level_history is 'The history of the users that the load has touched, as it was.';
create table undo.listen_change (
  ts              timestamptz not null,
  user_key        bigint      not null,
  session_id      bigint      not null,
  item_in_session integer     not null,
  listened_ms     integer,
  outcome         text
);
comment on table undo.listen_change is 'Outcomes of plays that the load has changed, as they were.';
create table undo.credit_change (
  ts                timestamptz not null,
  user_key          bigint      not null,
  session_id        bigint      not null,
  item_in_session   integer     not null,
  credited_song_key bigint
);
comment on table undo.credit_change is 'Credits of page views that the load has changed, as they were.';
create table undo.span (
  table_name text not null,
  lower      text not null,
  upper      text not null
);
comment on table undo.span is 'Times of the rows that the load has written, by the table of warehouse or batch: from lower to upper, both included.';

-- The rows of rollups that an incremental load has added to, as they were.
do $$
declare
  rollup record;
begin
  for rollup in
    select c.relname as name,
      (select string_agg(quote_ident(attname), ', ' order by k.place)
       from pg_index as i
       cross join unnest(i.indkey) with ordinality as k (attnum, place)
       join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
       where i.indrelid = format('parts.%I', c.relname || '_b0')::regclass and i.indisprimary) as keys
    from pg_class as c
    where c.relkind = 'p' and c.relnamespace = 'builds'::regnamespace
      and c.relname ~ '^(minute|hour|day)_'
  loop
    execute format('create table undo.%I (like builds.%I)', rollup.name, rollup.name);
    execute format('alter table undo.%I add primary key (%s)', rollup.name, rollup.keys);
  end loop;
end
$$;

-- The facts that a load of some days has replaced, as they were.
create table undo.fact_listen (like builds.fact_listen);
create table undo.fact_auth (like builds.fact_auth);
create table undo.fact_page_view (like builds.fact_page_view);

-- What a load can be, and how it can end, now.
alter table warehouse.load_run
  drop constraint load_run_kind_check,
  add constraint load_run_kind_check check (kind in ('full', 'incremental', 'days')),
  drop constraint load_run_status_check,
  add constraint load_run_status_check
    check (status in ('running', 'published', 'failed', 'shadow', 'rolled back', 'discarded')),
  add column build integer,
  add column reserved integer;
update warehouse.load_run
set build = 0
where status = 'published'
  and load_run_id >= coalesce(
    (select max(load_run_id) from warehouse.load_run where status = 'published' and kind = 'full'), 0);
comment on column warehouse.load_run.kind is 'full: a build of its own; incremental: what came since the last load; days: some days of the published build, anew';
comment on column warehouse.load_run.status is 'running; published; failed; shadow: built, and waits for load publish; rolled back: was published, and taken back; discarded: a shadow that another one has replaced';
comment on column warehouse.load_run.build is 'the build that the load has written to: its own for a full load';
comment on column warehouse.load_run.reserved is 'partitions of which the load has counted records in place of a speed worker';

-- The epochs that somebody may need yet: those that no kept build has loaded, and those of the load that can be taken back.
create view builds.needed as
select least(
  (select min(loaded_epoch) from builds.published),
  (select loaded_epoch from undo.published)) as loaded_epoch;
comment on view builds.needed is 'Epochs up to loaded_epoch are in every build, and need not be kept.';
