create table stage.{table} (
  ts timestamptz not null, user_key bigint not null, session_id bigint not null,
  item_in_session integer not null, credited_song_key bigint
)
