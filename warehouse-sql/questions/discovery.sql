-- Which share of the plays is of a song that the listener has never played before?
-- $1 from (inclusive), $2 to (exclusive). Reads the facts, as no rollup knows who has played what; all of their
-- past is read. Never means as far as the log goes back, so the share of its first weeks says little. Plays of
-- guests, and of songs without a name, are left out. All of it is exact.
-- by: day hour week month quarter year
-- chart: line first_time_share
with first_play as (
  select u.user_id, l.song_key, min(l.ts) as ts
  from warehouse.fact_listen as l
  join warehouse.dim_user as u using (user_key)
  where l.ts < $2::timestamptz and u.user_id is not null and l.song_key <> 0
  group by 1, 2
),
first_plays as (
  select date_trunc('{bucket}', ts) as bucket, count(*) as first_time_plays
  from first_play
  where ts >= $1::timestamptz
  group by 1
),
plays as (
  select date_trunc('{bucket}', l.ts) as bucket, count(*) as plays
  from warehouse.fact_listen as l
  join warehouse.dim_user as u using (user_key)
  where l.ts >= $1::timestamptz and l.ts < $2::timestamptz and u.user_id is not null
    and l.song_key <> 0
  group by 1
)
select
  bucket, plays, coalesce(first_time_plays, 0) as first_time_plays,
  round(coalesce(first_time_plays, 0) / plays::numeric, 3) as first_time_share
from plays
left join first_plays using (bucket)
order by bucket
