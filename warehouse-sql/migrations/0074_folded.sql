-- What the speed layer appends is folded soon: rows of flushes, of which a busy site has thousands a second, become one row for each
-- minute and key, and are added to one row for each hour and key, in the statement that takes them away (queries/rollup/fold.sql).
-- So at every instant the hours, and what is not folded, say what all minutes say.
--
-- An epoch's partition has one part that flushes append to, and one for folded rows, so that a reader of hours finds what is not folded
-- yet without looking through what is.

create table speed.hour_totals (like speed.minute_totals including comments) partition by list (epoch);
alter table speed.hour_totals rename column minute to hour;
comment on table speed.hour_totals is 'Everything, by hour: the sum of the rows of speed.minute_totals that are folded.';
comment on column speed.hour_totals.hour is 'when the hour of the event time begins';
alter table speed.minute_totals add column is_folded boolean not null default false;
comment on column speed.minute_totals.is_folded is 'whether this is the one folded row of its minute and key, which speed.hour_totals has too; else it is as a flush appended it';

create table speed.hour_song (like speed.minute_song including comments) partition by list (epoch);
alter table speed.hour_song rename column minute to hour;
comment on table speed.hour_song is 'By song, by hour: the sum of the rows of speed.minute_song that are folded.';
comment on column speed.hour_song.hour is 'when the hour of the event time begins';
alter table speed.minute_song add column is_folded boolean not null default false;
comment on column speed.minute_song.is_folded is 'whether this is the one folded row of its minute and key, which speed.hour_song has too; else it is as a flush appended it';

create table speed.hour_user (like speed.minute_user including comments) partition by list (epoch);
alter table speed.hour_user rename column minute to hour;
comment on table speed.hour_user is 'By state of a user, by hour: the sum of the rows of speed.minute_user that are folded.';
comment on column speed.hour_user.hour is 'when the hour of the event time begins';
alter table speed.minute_user add column is_folded boolean not null default false;
comment on column speed.minute_user.is_folded is 'whether this is the one folded row of its minute and key, which speed.hour_user has too; else it is as a flush appended it';

create table speed.hour_location (like speed.minute_location including comments) partition by list (epoch);
alter table speed.hour_location rename column minute to hour;
comment on table speed.hour_location is 'By place, by hour: the sum of the rows of speed.minute_location that are folded.';
comment on column speed.hour_location.hour is 'when the hour of the event time begins';
alter table speed.minute_location add column is_folded boolean not null default false;
comment on column speed.minute_location.is_folded is 'whether this is the one folded row of its minute and key, which speed.hour_location has too; else it is as a flush appended it';

create table speed.hour_device (like speed.minute_device including comments) partition by list (epoch);
alter table speed.hour_device rename column minute to hour;
comment on table speed.hour_device is 'By user agent, by hour: the sum of the rows of speed.minute_device that are folded.';
comment on column speed.hour_device.hour is 'when the hour of the event time begins';
alter table speed.minute_device add column is_folded boolean not null default false;
comment on column speed.minute_device.is_folded is 'whether this is the one folded row of its minute and key, which speed.hour_device has too; else it is as a flush appended it';

create table speed.hour_audience (like speed.minute_audience including comments) partition by list (epoch);
alter table speed.hour_audience rename column minute to hour;
comment on table speed.hour_audience is 'By gender and plan, by hour: the sum of the rows of speed.minute_audience that are folded.';
comment on column speed.hour_audience.hour is 'when the hour of the event time begins';
alter table speed.minute_audience add column is_folded boolean not null default false;
comment on column speed.minute_audience.is_folded is 'whether this is the one folded row of its minute and key, which speed.hour_audience has too; else it is as a flush appended it';

create table speed.hour_page (like speed.minute_page including comments) partition by list (epoch);
alter table speed.hour_page rename column minute to hour;
comment on table speed.hour_page is 'Page views by what was requested, by hour: the sum of the rows of speed.minute_page that are folded.';
comment on column speed.hour_page.hour is 'when the hour of the event time begins';
alter table speed.minute_page add column is_folded boolean not null default false;
comment on column speed.minute_page.is_folded is 'whether this is the one folded row of its minute and key, which speed.hour_page has too; else it is as a flush appended it';

-- The partitions of the epochs that there are: their rows are not folded yet.
do $$
declare
  parted record;
  keys   text;
begin
  for parted in
    select
      child.relname as name, substring(child.relname from '_e([0-9]+)$') as epoch,
      substring(parent.relname from '^minute_(.*)$') as rollup, inhdetachpending as is_leaving
    from pg_inherits
    join pg_class as child on child.oid = inhrelid
    join pg_class as parent on parent.oid = inhparent
    where parent.relnamespace = 'speed'::regnamespace and parent.relname like 'minute\_%'
    order by is_leaving desc, child.oid
  loop
    if parted.is_leaving then
      execute format('alter table speed.minute_%s detach partition parts.%I finalize', parted.rollup, parted.name);
      continue;
    end if;
    keys := case parted.rollup
      when 'totals' then ''
      when 'audience' then ', gender, level'
      when 'page' then ', page, method, status, auth, level'
      else format(', %s_key', parted.rollup)
    end;
    execute format(
      'alter table speed.minute_%2$s detach partition parts.%1$I;
       alter table parts.%1$I rename to %1$s_new;
       create table parts.%1$I (like speed.minute_%2$s) partition by list (is_folded);
       alter table parts.%1$I alter column epoch set default %3$s, alter column is_folded set default false;
       alter table parts.%1$I attach partition parts.%1$s_new for values in (false);
       create table parts.%1$s_folded partition of parts.%1$I (is_folded default true)
         for values in (true) with (fillfactor = 80);
       create unique index on parts.%1$s_folded (minute%4$s);
       alter table speed.minute_%2$s attach partition parts.%1$I for values in (%3$s);
       create table parts.speed_hour_%2$s_e%3$s partition of speed.hour_%2$s (epoch default %3$s)
         for values in (%3$s) with (fillfactor = 60);
       create unique index on parts.speed_hour_%2$s_e%3$s (hour%4$s)',
      parted.name, parted.rollup, parted.epoch, keys);
  end loop;
end
$$;
