-- The mean length of a genre's songs is the same at each reading: a sum of floating point numbers depends on the order in which
-- the rows are found.

create or replace view mart.genre_daily as
with song as (
  select
    d.day, song_key, coalesce(s.genre, 'Unknown') as genre, s.title, s.artist, s.duration, d.listens,
    coalesce(d.listens, 0) + 3 * coalesce(d.thumbs_up, 0) + 5 * coalesce(d.shares, 0) as points
  from batch.day_song as d
  join warehouse.dim_song as s using (song_key)
),
genre as (
  select
    day, genre, coalesce(sum(listens), 0)::bigint as listen_count,
    (avg(duration::numeric) filter (where song_key <> 0))::double precision as avg_track_duration_sec,
    sum(points) as points,
    (array_agg(title order by points desc, listens desc nulls last, title, artist) filter (where song_key <> 0))[1]
      as most_popular_track,
    (array_agg(artist order by points desc, listens desc nulls last, title, artist) filter (where song_key <> 0))[1]
      as most_popular_artist
  from song
  where points > 0
  group by day, genre
)
select
  day, genre, listen_count, avg_track_duration_sec,
  100 * points::double precision / max(points) over (partition by day) as popularity_index,
  most_popular_track, most_popular_artist
from genre;
