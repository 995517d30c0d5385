-- Which ten artists reach most of the listeners, and how often is each heard by one?
-- $1 from (inclusive), $2 to (exclusive). {song} and {totals} are rollups, both layers, with the column {time}.
-- Listeners come from sketches, which are exact up to 320.
-- by: week hour day month quarter year
-- chart: bars artist reach
with played as (
  select
    s.artist, date_trunc('{bucket}', {time}) as bucket, sum(r.listens) as listens,
    round(coalesce(hll_cardinality(hll_union_agg(r.listeners)), 0))::numeric as listeners
  from {song} as r
  join warehouse.dim_song as s using (song_key)
  where {time} >= $1::timestamptz and {time} < $2::timestamptz and song_key <> 0 and s.artist is not null
  group by 1, 2
),
everybody as (
  select
    date_trunc('{bucket}', {time}) as bucket,
    round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::numeric as all_listeners
  from {totals}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1
),
ranked as (
  select
    bucket, artist, listeners, all_listeners, listens,
    row_number() over (partition by bucket order by listeners desc, listens desc, artist) as rank
  from played
  join everybody using (bucket)
  where listeners > 0
)
select
  bucket, rank, artist, listeners, round(listeners / nullif(all_listeners, 0), 3) as reach, listens,
  round(listens / listeners, 2) as listens_per_listener
from ranked
where rank <= 10
order by bucket, rank
