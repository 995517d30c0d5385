-- Plays that are not loaded yet, one by one, so that dashboard.stream_events has those of this minute.

create table speed.play (
  epoch           integer     not null,
  ts              timestamptz not null,
  user_key        bigint      not null,
  location_key    bigint      not null,
  device_key      bigint      not null,
  session_id      bigint      not null,
  item_in_session integer     not null,
  song_key        bigint      not null,
  level           text,
  duration_ms     integer
) partition by list (epoch);
comment on table speed.play is 'One row a play that the speed layer has counted; when its epoch is loaded it is a row of warehouse.fact_listen instead. Plays that were counted before this table was there come with the next load.';
comment on column speed.play.epoch is 'the epoch that the row belongs to';
comment on column speed.play.ts is 'event time: when the play started';
comment on column speed.play.user_key is 'the state of the user in dim_user; 0 for guests';
comment on column speed.play.location_key is 'the place in dim_location; 0 for unknown';
comment on column speed.play.device_key is 'the device in dim_device; 0 for unknown';
comment on column speed.play.session_id is 'the session, as the event has it';
comment on column speed.play.item_in_session is 'position within the session, from 0';
comment on column speed.play.song_key is 'the song in dim_song; 0 for unknown';
comment on column speed.play.level is 'free or paid, as the event shows it';
comment on column speed.play.duration_ms is 'length of the song in milliseconds; null where the event does not say';

-- The present epoch, and the next one where a load has made its tables already.
do $$
declare
  n integer;
begin
  for n in
    select substring(tablename from '_e([0-9]+)$')::integer
    from pg_tables
    where schemaname = 'parts' and tablename ~ '^speed_minute_totals_e[0-9]+$'
  loop
    execute format(
      'create table parts.speed_play_e%1$s partition of speed.play (epoch default %1$s) for values in (%1$s)', n);
  end loop;
end
$$;

create or replace view dashboard.stream_events as
select
  p.ts as event_time, u.user_id, p.song_key as song_id, layers.label(s.artist) as artist_id,
  p.device_key as device_id, p.location_key as location_id, p.session_id, p.item_in_session,
  p.level as subscription_type,
  p.duration_ms, p.listened_ms, p.outcome,
  p.outcome = 'completed' as is_completed,
  p.outcome = 'skipped' as is_skipped
from (
  select
    ts, user_key, song_key, device_key, location_key, session_id, item_in_session, level, duration_ms, listened_ms,
    outcome
  from warehouse.fact_listen
  union all
  select
    ts, user_key, song_key, device_key, location_key, session_id, item_in_session, level, duration_ms, null, null
  from speed.play
  where epoch > (select loaded_epoch from batch.published)
) as p
left join warehouse.dim_user as u using (user_key)
left join warehouse.dim_song as s using (song_key);
comment on view dashboard.stream_events is 'One row a play, as soon as it has started; both layers. How it ended is known once it is loaded. Ask for a stretch of event_time.';
