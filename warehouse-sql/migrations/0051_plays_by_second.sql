-- Plays that are not loaded yet, with what layers.event has of plays: so what facts answer of plays goes on to the present.
create view layers.live_play as
select
  p.ts, p.user_key, p.location_key, p.device_key, u.gender, p.level, p.song_key, 1 as listens,
  case when u.user_id is not null then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(u.user_id)) end as listeners,
  case when p.song_key <> 0 then hll_add(hll_empty(12, 5, -1, 1), hll_hash_bigint(p.song_key)) end as songs,
  u.user_id, p.session_id
from speed.play as p
left join warehouse.dim_user as u on u.user_key = p.user_key and u.user_key <> 0
where p.epoch > (select loaded_epoch from batch.published);
comment on view layers.live_play is 'One row a play that the speed layer has counted and no load has published. Together with the plays of layers.event each play is there once, at every instant.';
comment on column layers.live_play.ts is 'event time: when the play started';
comment on column layers.live_play.user_key is 'the state of the user in dim_user; 0 for guests';
comment on column layers.live_play.location_key is 'the place in dim_location; 0 for unknown';
comment on column layers.live_play.device_key is 'the device in dim_device; 0 for unknown';
comment on column layers.live_play.gender is 'the user''s, as in dim_user';
comment on column layers.live_play.level is 'free or paid, as the event shows it';
comment on column layers.live_play.song_key is 'the song in dim_song; 0 for unknown';
comment on column layers.live_play.listens is 'always 1';
comment on column layers.live_play.listeners is 'a sketch of the user; # estimates it, hll_union_agg unites several';
comment on column layers.live_play.songs is 'a sketch of the song; # estimates it, hll_union_agg unites several';
comment on column layers.live_play.user_id is 'the user; null for guests';
comment on column layers.live_play.session_id is 'the session, as the event has it';
