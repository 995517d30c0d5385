-- Key figures of the service as people ask for them: by genre and day, by hour, what is trending, and which hours are
-- not as usual. Views over the rollups: they change in the moment in which a load is published, and a genre that comes to be
-- known counts for all days (docs/marts.md).

create schema mart;
comment on schema mart is 'Key figures: genres by day, hours, what is trending, which hours are not as usual.';
grant usage on schema mart to analyst;
alter default privileges in schema mart grant select on tables to analyst;

create view mart.genre_daily as
with song as (
  select
    d.day, coalesce(s.genre, 'Unknown') as genre, s.title, s.artist, s.duration, d.listens,
    coalesce(d.listens, 0) + 3 * coalesce(d.thumbs_up, 0) + 5 * coalesce(d.shares, 0) as points
  from batch.day_song as d
  join warehouse.dim_song as s using (song_key)
),
genre as (
  select
    day, genre, coalesce(sum(listens), 0)::bigint as listen_count, avg(duration) as avg_track_duration_sec,
    sum(points) as points,
    (array_agg(title order by points desc, listens desc nulls last, title, artist))[1] as most_popular_track,
    (array_agg(artist order by points desc, listens desc nulls last, title, artist))[1] as most_popular_artist
  from song
  where points > 0
  group by day, genre
)
select
  day, genre, listen_count, avg_track_duration_sec,
  100 * points::double precision / max(points) over (partition by day) as popularity_index,
  most_popular_track, most_popular_artist
from genre;
comment on view mart.genre_daily is 'Each day and genre that something was played of, or liked, or shared; loaded events.';
comment on column mart.genre_daily.day is 'day of the event time, UTC';
comment on column mart.genre_daily.genre is 'the genre, as the catalogue knows it now; Unknown where it does not know the song';
comment on column mart.genre_daily.listen_count is 'plays that started';
comment on column mart.genre_daily.avg_track_duration_sec is 'mean length of the songs concerned, seconds; each song once, however often it was played';
comment on column mart.genre_daily.popularity_index is 'points as a percentage of those of the day''s most popular genre: 1 for a play, 3 for a like, 5 for one that was passed on';
comment on column mart.genre_daily.most_popular_track is 'title of the song with most points; of several the one with more plays, then the first by title and artist';
comment on column mart.genre_daily.most_popular_artist is 'the artist of that song';

create view mart.hourly as
with artist as (
  select h.hour, s.artist, sum(h.listens) as listens, count(*) as tracks
  from batch.hour_song as h
  join warehouse.dim_song as s using (song_key)
  where h.listens > 0
  group by h.hour, s.artist
),
ranked as (
  select *, row_number() over (partition by hour order by listens desc, artist) as rank
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
comment on view mart.hourly is 'Each hour in which something was played; loaded events.';
comment on column mart.hourly.hour is 'when the hour begins, UTC';
comment on column mart.hourly.unique_listeners is 'users with a play; exact up to 320, estimated beyond';
comment on column mart.hourly.top_artists is 'the three artists with most plays, most first, with commas between; of several with as many the first by name';
comment on column mart.hourly.track_diversity_index is 'different songs played by plays: 1 where no song was played twice';

create view mart.music_kpi_metrics as
select
  genre::varchar(255) as track_genre, listen_count::integer as listen_count,
  avg_track_duration_sec::double precision as avg_track_duration_sec, popularity_index,
  most_popular_track::varchar(255) as most_popular_track, null::integer as stream_hour,
  null::integer as unique_listeners, null::varchar(255) as top_artists,
  null::double precision as track_diversity_index, 'genre'::varchar(50) as kpi_type
from mart.genre_daily
union all
select
  null::varchar(255), null::integer, null::double precision, null::double precision, null::varchar(255),
  extract(hour from hour at time zone 'UTC')::integer, unique_listeners::integer, top_artists::varchar(255),
  track_diversity_index, 'hourly'::varchar(50)
from mart.hourly;
comment on view mart.music_kpi_metrics is 'mart.genre_daily and mart.hourly in one table without dates, as daily runs of a classic pipeline would have filled it.';
comment on column mart.music_kpi_metrics.track_genre is 'genre; of rows of the type genre';
comment on column mart.music_kpi_metrics.listen_count is 'plays of the genre in a day';
comment on column mart.music_kpi_metrics.avg_track_duration_sec is 'mean length of its songs, seconds';
comment on column mart.music_kpi_metrics.popularity_index is '100 for the day''s most popular genre (mart.genre_daily)';
comment on column mart.music_kpi_metrics.most_popular_track is 'title of its most popular song of the day';
comment on column mart.music_kpi_metrics.stream_hour is 'hour of the day, 0 to 23, UTC; of rows of the type hourly';
comment on column mart.music_kpi_metrics.unique_listeners is 'users with a play in the hour';
comment on column mart.music_kpi_metrics.top_artists is 'the three artists with most plays in the hour';
comment on column mart.music_kpi_metrics.track_diversity_index is 'different songs by plays in the hour';
comment on column mart.music_kpi_metrics.kpi_type is 'genre or hourly';

-- What is trending: plays of the last six hours beside those of the same hours of the seven days before, scaled to how busy
-- the service is as a whole. A count of n varies by about its root, so that few plays more say little of a song with few.

create view mart.trending as
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
  select s.title, s.artist, h.is_recent, sum(p.listens) as listens
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
where recent >= 5 and score >= 3;
comment on view mart.trending is 'Songs and artists that are played more in the last six full hours than in the same hours of the seven days before; both layers. Order by score.';
comment on column mart.trending.kind is 'song or artist';
comment on column mart.trending.artist is 'the artist';
comment on column mart.trending.title is 'the song''s title; null for artists';
comment on column mart.trending.listens is 'plays in the last six full hours, at least 5';
comment on column mart.trending.expected is 'plays in the same hours of the seven days before, a day on average, scaled by how busy the service is now';
comment on column mart.trending.score is '(listens - expected) / sqrt(expected + 4), at least 3';

-- Which hours are not as usual: each of the last two weeks beside the same hour of the eight weeks before it. Plays come in
-- sessions of some sixteen an hour, so that their number varies by about four times its root.

create view mart.anomaly_hourly as
with span as (
  select date_trunc('hour', min(minute)) as first_hour, date_trunc('hour', max(minute)) as last_hour
  from serving.minute_totals
),
observed as materialized (
  select h.hour, '' as state, h.listens, h.skipped, h.logins, h.errors
  from span
  join serving.hour_totals as h on h.hour > span.last_hour - interval '70 days'
  union all
  select h.hour, l.state, sum(h.listens), sum(h.skipped), sum(h.logins), sum(h.errors)
  from span
  join layers.hour_location as h on h.hour > span.last_hour - interval '70 days'
  join warehouse.dim_location as l using (location_key)
  where l.state <> ''
  group by h.hour, l.state
),
-- Every hour of every place: that nobody was heard from is what one wants to know.
looked_at as (
  select hour, state
  from span
  cross join generate_series(last_hour - interval '14 days', last_hour, interval '1 hour') as hour
  cross join (select distinct state from observed) as place
),
usual as (
  select
    l.hour, l.state, count(*) as weeks,
    percentile_cont(array[0.25, 0.5, 0.75]) within group (order by coalesce(o.listens, 0)::double precision) as listens,
    percentile_cont(array[0.25, 0.5, 0.75]) within group (order by coalesce(o.skipped, 0)::double precision) as skipped,
    percentile_cont(array[0.25, 0.5, 0.75]) within group (order by coalesce(o.logins, 0)::double precision) as logins,
    percentile_cont(array[0.25, 0.5, 0.75]) within group (order by coalesce(o.errors, 0)::double precision) as errors
  from looked_at as l
  cross join generate_series(1, 8) as week
  cross join span
  left join observed as o on o.hour = l.hour - week * interval '7 days' and o.state = l.state
  where l.hour - week * interval '7 days' >= span.first_hour
  group by l.hour, l.state
  having count(*) >= 3
),
measured as (
  select u.hour, u.state, u.weeks, m.measure, coalesce(m.value, 0) as value, m.quartiles, m.least
  from usual as u
  left join observed as o on o.hour = u.hour and o.state = u.state
  cross join lateral (
    values
      ('listens', o.listens, u.listens, 16), ('skipped', o.skipped, u.skipped, 16), ('logins', o.logins, u.logins, 4),
      ('errors', o.errors, u.errors, 4)
  ) as m (measure, value, quartiles, least)
),
scored as (
  select
    *,
    (value::double precision - quartiles[2])
      / greatest((quartiles[3] - quartiles[1]) / 1.349, 4 * sqrt(quartiles[2]), least) as score
  from measured
)
select
  hour, case when state = '' then 'total' else 'state' end as scope, nullif(state, '') as state, measure,
  value::bigint as value, quartiles[2] as expected, weeks::integer as weeks, round(score::numeric, 2)::double precision as score,
  abs(score) >= 5 as is_anomaly
from scored;
comment on view mart.anomaly_hourly is 'Each hour of the last two weeks beside the same hour of the eight weeks before it, where at least three of them are there; both layers. The present hour is not over, and so has less.';
comment on column mart.anomaly_hourly.hour is 'when the hour begins, UTC';
comment on column mart.anomaly_hourly.scope is 'total or state';
comment on column mart.anomaly_hourly.state is 'the state; null for the total';
comment on column mart.anomaly_hourly.measure is 'listens, skipped, logins or errors';
comment on column mart.anomaly_hourly.value is 'how many there were';
comment on column mart.anomaly_hourly.expected is 'the median of the weeks before';
comment on column mart.anomaly_hourly.weeks is 'how many of the eight weeks before have the hour';
comment on column mart.anomaly_hourly.score is '(value - expected) by the greatest of: the distance of the quartiles of the weeks before by 1.349, which is a standard deviation; four times the root of expected; and 16 for plays, 4 for the others: what a single session makes of an hour';
comment on column mart.anomaly_hourly.is_anomaly is 'whether the score is 5 or more, or -5 or less';
