-- severity: error
-- batch.hour_song says of each hour and song what its plays and the page views credited to it add up to.
-- on: check
-- Facts that were loaded before they said which song is credited are left out.
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
credits as (
  select
    layers.hour_of(ts) as hour, credited_song_key as song_key,
    array[
      count(*) filter (where engagement = 'thumbs_up'),
      count(*) filter (where engagement = 'thumbs_down'),
      count(*) filter (where engagement = 'playlist_adds'),
      count(*) filter (where engagement = 'shares'),
      count(*) filter (where engagement = 'friends_added'),
      count(*) filter (where engagement = 'adverts')
    ]::bigint[] as counts
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz and credited_song_key is not null
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
  hour, song_key, 'thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts',
  c.counts, r.credits
from credits as c
full join rollup as r using (hour, song_key)
where coalesce(c.counts, array_fill(0::bigint, array[6]))
    <> coalesce(r.credits, array_fill(0::bigint, array[6]))
  and (select facts_know_credits from batch.published)
