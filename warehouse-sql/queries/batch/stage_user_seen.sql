create table stage.{table} (
  user_key bigint not null, first_seen timestamptz not null, last_seen timestamptz not null
)
