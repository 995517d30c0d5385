-- Which ten songs are played clearly more often than in the time before?
-- $1 from (inclusive), $2 to (exclusive). {song} is the rollup of songs, both layers, with its column {time}.
-- Expected are as many plays as the song's share of the bucket before gives in this one, so a bucket that is not
-- over yet does not mislead; half a play more, so that a new song is expected to have some. The score is by how
-- many standard deviations of such a count (Poisson) the plays are beyond it. Songs need five plays. The first
-- bucket has none before it.
-- by: day hour week month quarter year
-- chart: bars song score
-- none: no song stands out, or the bucket before has no plays to compare with
with played as (
  select date_trunc('{bucket}', {time}) as bucket, song_key, sum(listens) as listens
  from {song}
  where {time} >= $1::timestamptz and {time} < $2::timestamptz and song_key <> 0
  group by 1, 2
),
named as (
  select bucket, s.title, s.artist, sum(listens) as listens
  from played
  join warehouse.dim_song as s using (song_key)
  group by 1, 2, 3
),
everything as (
  select
    bucket, sum(listens) as total, lag(sum(listens)) over (order by bucket) as total_before,
    lag(bucket) over (order by bucket) as bucket_before
  from named
  group by 1
),
past as (
  select
    *, lag(bucket) over song as bucket_last, lag(listens) over song as listens_last
  from named
  window song as (partition by title, artist order by bucket)
),
compared as (
  select
    bucket, title, artist, listens,
    case when bucket_last = bucket_before then listens_last else 0 end as listens_before,
    total, total_before
  from past
  join everything using (bucket)
  where total_before > 0 and listens >= 5
),
scored as (
  select *, (listens_before + 0.5) * total / total_before as expected
  from compared
),
ranked as (
  select
    *, (listens - expected) / sqrt(expected) as score,
    row_number() over (
      partition by bucket order by (listens - expected) / sqrt(expected) desc, title, artist
    ) as rank
  from scored
)
select
  bucket, rank, title as song, artist, listens, listens_before, round(expected, 1) as expected,
  round(score, 1) as score
from ranked
where rank <= 10 and score > 0
order by bucket, rank
