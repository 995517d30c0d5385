-- severity: error
-- batch.hour_song says of each hour and song what its plays add up to, and credits it at least with the page views that name it.
-- on: check
-- Credits of the facts are a lower bound: a page view that names no song is credited to the last song of its
-- session, which its fact does not name.
with plays as (
  select
    layers.hour_of(ts) as hour, song_key,
    array[
      count(*), coalesce(sum(listened_ms), 0), count(*) filter (where outcome = 'completed'),
      count(*) filter (where outcome = 'skipped'), count(*) filter (where outcome = 'partial')
    ]::bigint[] as counts
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz
  group by 1, 2
),
named as (
  select
    layers.hour_of(ts) as hour, song_key,
    array[
      count(*) filter (where page = 'Thumbs Up'),
      count(*) filter (where page = 'Thumbs Down'),
      count(*) filter (where page = 'Add to Playlist'),
      count(*) filter (where page = 'Share'),
      count(*) filter (where page = 'Add Friend'),
      count(*) filter (where page = 'Roll Advert')
    ]::bigint[] as counts
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz and song_key <> 0
    and page in ('Thumbs Up', 'Thumbs Down', 'Add to Playlist', 'Share',
      'Add Friend', 'Roll Advert')
  group by 1, 2
),
rollup as (
  select
    hour, song_key,
    array[
      coalesce(listens, 0), coalesce(listened_ms, 0), coalesce(completed, 0), coalesce(skipped, 0),
      coalesce(partial, 0)
    ]::bigint[] as plays,
    array[
      coalesce(thumbs_up, 0), coalesce(thumbs_down, 0), coalesce(playlist_adds, 0),
      coalesce(shares, 0), coalesce(friends_added, 0), coalesce(adverts, 0)
    ]::bigint[] as credits
  from batch.hour_song
  where hour >= $1::timestamptz and hour < $2::timestamptz
)
select
  hour, song_key, 'listens, listened_ms, completed, skipped, partial' as counted,
  p.counts as in_facts, r.plays as in_rollup
from plays as p
full join rollup as r using (hour, song_key)
where coalesce(p.counts, array_fill(0::bigint, array[5]))
  <> coalesce(r.plays, array_fill(0::bigint, array[5]))
union all
select
  hour, song_key,
  'at least: thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts',
  n.counts, r.credits
from named as n
left join rollup as r using (hour, song_key)
where exists (
  select
  from generate_series(1, 6) as i
  where n.counts[i] > coalesce(r.credits[i], 0)
)
