-- Which ten songs were played most?
-- $1 from (inclusive), $2 to (exclusive). {song} is the rollup of songs, both layers, with its column {time}; by
-- second the facts. Listens are exact; listeners come from sketches, which are exact up to 320, and which are
-- united for the ten only, as that is most of the work.
-- by: day second minute hour week month quarter year
-- chart: bars song listens
with played as (
  select date_trunc('{bucket}', {time}) as bucket, song_key, sum(listens) as listens
  from {song}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz and song_key <> 0
  group by 1, 2
),
-- A song whose duration has come in several versions has several keys.
named as (
  select bucket, s.title, s.artist, sum(listens) as listens, array_agg(song_key) as song_keys
  from played
  join warehouse.dim_song as s using (song_key)
  where listens > 0
  group by 1, 2, 3
),
ranked as (
  select *, row_number() over (partition by bucket order by listens desc, title, artist) as rank
  from named
),
top as (
  select bucket, rank, title, artist, listens, unnest(song_keys) as song_key
  from ranked
  where rank <= 10
),
heard as (
  select date_trunc('{bucket}', {time}) as bucket, song_key, hll_union_agg(listeners) as listeners
  from {song}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
    and song_key = any (array(select song_key from top))
  group by 1, 2
)
select
  bucket, rank, title as song, artist, listens,
  round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::bigint as listeners
from top
join heard using (bucket, song_key)
group by bucket, rank, title, artist, listens
order by bucket, rank
