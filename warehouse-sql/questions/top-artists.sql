-- Which ten artists were played most?
-- $1 from (inclusive), $2 to (exclusive). {song} is the rollup of songs, both layers, with its column {time}; by
-- second the facts. Listens are exact; listeners come from sketches, which are exact up to 320.
-- by: day second minute hour week month quarter year
-- chart: bars artist listens
with played as (
  select
    date_trunc('{bucket}', {time}) as bucket, song_key, sum(listens) as listens,
    hll_union_agg(listeners) as listeners
  from {song}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz and song_key <> 0
  group by 1, 2
),
named as (
  select
    bucket, s.artist, sum(listens) as listens,
    round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::bigint as listeners,
    count(*) as songs
  from played
  join warehouse.dim_song as s using (song_key)
  where s.artist is not null and listens > 0
  group by 1, 2
),
ranked as (
  select *, row_number() over (partition by bucket order by listens desc, artist) as rank
  from named
)
select bucket, rank, artist, listens, listeners, songs
from ranked
where rank <= 10
order by bucket, rank
