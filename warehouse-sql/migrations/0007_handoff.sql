-- Speed workers share the partitions by leases; a load reserves the stretch of the log that it takes
-- over from them; what came outside the kernels' memory is remembered until it is loaded.

-- Who works. A lease that has run out, or whose session has gone, holds nothing.

create table speed.worker (
  worker_id   bigint generated always as identity primary key,
  process     text        not null,
  backend_pid integer     not null,
  started_at  timestamptz not null default now(),
  lease_until timestamptz not null
);
comment on table speed.worker is 'The speed workers that are alive. Each renews its lease; one that does not, dead or frozen, is buried by the others or by a load.';
comment on column speed.worker.process is 'process id and host';
comment on column speed.worker.backend_pid is 'the session that renews the lease, as in pg_stat_activity';

create table speed.assignment (
  partition integer primary key,
  worker_id bigint not null references speed.worker on delete cascade
);
comment on table speed.assignment is 'Which worker has a partition number of the three topics. What keeps counts right is not this table but the expected offset of every flush.';

create view speed.live_worker as
select w.*
from speed.worker as w
where w.lease_until > clock_timestamp()
  and exists (select from pg_stat_activity as a where a.pid = w.backend_pid);
comment on view speed.live_worker is 'Workers with a lease that holds and a session that is there.';

-- What a load has taken over.

alter table warehouse.load_run
  add column process text,
  add column backend_pid integer,
  add column lease_until timestamptz;
comment on column warehouse.load_run.process is 'process id and host';
comment on column warehouse.load_run.backend_pid is 'the session that publishes, as in pg_stat_activity';
comment on column warehouse.load_run.lease_until is 'a running load renews this; one that does not is dead or frozen, and holds nothing';

create table speed.reservation (
  topic        text    not null,
  partition    integer not null,
  from_offset  bigint  not null,
  end_offset   bigint  not null,
  load_run_id  bigint  not null,
  primary key (topic, partition)
);
comment on table speed.reservation is 'Stretches of the log that a running load counts because no worker has: no worker commits records of such a partition while the load lives. Nothing has moved yet: speed.progress goes to end_offset in the transaction that publishes the rows.';
comment on column speed.reservation.from_offset is 'speed.progress.next_offset at the cut; publishing moves it from there and from nowhere else';

create view speed.live_reservation as
select r.*
from speed.reservation as r
join warehouse.load_run as l using (load_run_id)
where l.status = 'running'
  and l.lease_until > clock_timestamp()
  and exists (select from pg_stat_activity as a where a.pid = l.backend_pid);
comment on view speed.live_reservation is 'Reservations of loads that are alive.';

-- What the kernels cannot remember.

create table speed.late_event (
  epoch      integer     not null,
  topic      text        not null,
  partition  integer     not null,
  identity   bigint      not null,
  ts         timestamptz not null,
  is_certain boolean     not null,
  primary key (topic, identity)
);
comment on table speed.late_event is 'Events that the speed layer counted although they came outside the window of their partition''s watermark. The same event again is a redelivery. Gone once the epoch is loaded: the facts know them then.';
comment on column speed.late_event.identity is 'hash of topic, user, session, item in session and time';
comment on column speed.late_event.is_certain is 'false where the stretch of the log in which it could have come before is gone: it may have been counted before';

create table speed.watermark_mark (
  topic       text    not null,
  partition   integer not null,
  next_offset bigint  not null,
  greatest    bigint  not null,
  primary key (topic, partition, next_offset)
);
comment on table speed.watermark_mark is 'How far event time had come at some offsets: tells in which stretch of the log an event of a given time can have come in time. Marks below the published cut go.';
comment on column speed.watermark_mark.greatest is 'the greatest plausible time among the records below next_offset, milliseconds since 1970';

-- An epoch's partitions are there one cut before they are written to, so that no statement that was
-- planned before a cut can miss them.
do $$
declare
  rollup text;
  next integer := (select epoch + 1 from speed.current_epoch);
begin
  foreach rollup in array array['totals', 'song', 'user', 'location', 'device', 'audience', 'page'] loop
    execute format(
      'create table parts.speed_minute_%1$s_e%2$s (
         like speed.minute_%1$s, constraint epoch_%2$s check (epoch = %2$s))', rollup, next);
    execute format(
      'alter table parts.speed_minute_%1$s_e%2$s alter column epoch set default %2$s', rollup, next);
    execute format(
      'alter table speed.minute_%1$s attach partition parts.speed_minute_%1$s_e%2$s
         for values in (%2$s)', rollup, next);
  end loop;
end
$$;
