-- What names no song counts as plays of its day and hour, and of no song and no artist: it is not the most popular track, takes
-- no place among the top artists, does not make an hour more diverse, and is not trending.

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
    avg(duration) filter (where song_key <> 0) as avg_track_duration_sec, sum(points) as points,
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

create or replace view mart.hourly as
with artist as (
  select
    h.hour, case when song_key <> 0 then s.artist end as artist, sum(h.listens) as listens,
    count(*) filter (where song_key <> 0) as tracks
  from batch.hour_song as h
  join warehouse.dim_song as s using (song_key)
  where h.listens > 0
  group by 1, 2
),
ranked as (
  select *, row_number() over (partition by hour order by (artist is null), listens desc, artist) as rank
  from artist
),
song as (
  select
    hour, sum(tracks) as tracks, sum(listens) as listens,
    string_agg(artist, ', ' order by rank) filter (where rank <= 3) as top_artists
  from ranked
  group by hour
)
-- The hour is the song's, so that a question for some hours reads no others.
select
  song.hour, round(hll_cardinality(t.listeners))::bigint as unique_listeners, song.top_artists,
  song.tracks::double precision / song.listens as track_diversity_index
from song
join batch.hour_totals as t on t.hour = song.hour;

create or replace view mart.trending as
with present as (
  select date_trunc('hour', max(minute)) as until
  from serving.minute_totals
),
hours as (
  select until - n * interval '1 day' - interval '6 hours' as from_hour, until - n * interval '1 day' as to_hour, n = 0 as is_recent
  from present
  cross join generate_series(0, 7) as n
),
played as (
  select
    case when song_key <> 0 then s.title end as title, case when song_key <> 0 then s.artist end as artist, h.is_recent,
    sum(p.listens) as listens
  from hours as h
  join lateral (
    select song_key, listens
    from layers.hour_song
    where hour >= h.from_hour and hour < h.to_hour and listens > 0
    offset 0
  ) as p on true
  join warehouse.dim_song as s using (song_key)
  group by 1, 2, 3
),
counted as (
  select
    case when grouping(title) = 0 then 'song' else 'artist' end as kind, title, artist,
    coalesce(sum(listens) filter (where is_recent), 0) as recent,
    coalesce(sum(listens) filter (where not is_recent), 0) / 7.0 as usual
  from played
  group by grouping sets ((title, artist), (artist))
),
scaled as (
  select *, usual * sum(recent) over by_kind / nullif(sum(usual) over by_kind, 0) as expected
  from counted
  window by_kind as (partition by kind)
),
scored as (
  select *, (recent - expected) / sqrt(expected + 4) as score
  from scaled
)
select
  kind, artist, title, recent::bigint as listens, round(expected, 1)::double precision as expected,
  round(score, 2)::double precision as score
from scored
where recent >= 5 and score >= 3 and coalesce(artist, title) is not null;
