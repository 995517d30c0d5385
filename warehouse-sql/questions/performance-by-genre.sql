-- How does each genre do: plays, listeners, plays to the end, skips, likes?
-- $1 from (inclusive), $2 to (exclusive). {song} is the rollup of songs, both layers, with its column {time}.
-- Listeners come from sketches, which are exact up to 320. Rates are of plays that have ended. Songs of which the
-- catalogue says no genre are Unknown.
-- by: week hour day month quarter year
-- chart: bars genre listens
with played as (
  select
    date_trunc('{bucket}', {time}) as bucket, song_key, sum(listens) as listens,
    sum(listened_ms) as listened_ms, sum(completed) as completed, sum(skipped) as skipped,
    sum(partial) as partial, sum(thumbs_up) as thumbs_up,
    hll_union_agg(listeners) as listeners
  from {song}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz
  group by 1, 2
),
named as (
  select
    bucket, coalesce(s.genre, 'Unknown') as genre,
    count(*) filter (where listens > 0 and song_key <> 0) as songs,
    sum(listens) as listens, sum(listened_ms) as listened_ms, sum(completed) as completed,
    sum(skipped) as skipped, sum(partial) as partial, sum(thumbs_up) as thumbs_up,
    round(coalesce(hll_cardinality(hll_union_agg(listeners)), 0))::bigint as listeners
  from played
  left join warehouse.dim_song as s using (song_key)
  group by 1, 2
)
select
  bucket, genre, songs, listens,
  round(listens / sum(listens) over (partition by bucket), 3) as share,
  listeners,
  round(completed / nullif(completed + skipped + partial, 0), 3) as completion_rate,
  round(skipped / nullif(completed + skipped + partial, 0), 3) as skip_rate,
  round(listened_ms / nullif(completed + skipped + partial, 0), 0) as avg_listen_time,
  round(thumbs_up / nullif(listens, 0), 4) as like_rate
from named
where listens > 0
order by bucket, listens desc, genre
