-- severity: error
-- Over its keys each rollup has the users, sessions and songs of batch.hour_totals, hour by hour, and hour_song no more credits.
-- on: check
-- Counters are compared with the facts by key (hour_*_facts); here is what those checks cannot tell.
with totals as (
  select
    hour, listeners, active_users, sessions, songs,
    array[
      coalesce(thumbs_up, 0), coalesce(thumbs_down, 0), coalesce(playlist_adds, 0),
      coalesce(shares, 0), coalesce(friends_added, 0), coalesce(adverts, 0)
    ]::bigint[] as engagement
  from batch.hour_totals
  where hour >= $1::timestamptz and hour < $2::timestamptz
),
unions as (
  select
    'location' as rollup, hour, hll_union_agg(listeners) as listeners,
    hll_union_agg(active_users) as active_users, hll_union_agg(sessions) as sessions,
    hll_union_agg(songs) as songs
  from batch.hour_location
  where hour >= $1::timestamptz and hour < $2::timestamptz
  group by hour
  union all
  select
    'device', hour, hll_union_agg(listeners), hll_union_agg(active_users),
    hll_union_agg(sessions), hll_union_agg(songs)
  from batch.hour_device
  where hour >= $1::timestamptz and hour < $2::timestamptz
  group by hour
  union all
  select
    'audience', hour, hll_union_agg(listeners), hll_union_agg(active_users),
    hll_union_agg(sessions), hll_union_agg(songs)
  from batch.hour_audience
  where hour >= $1::timestamptz and hour < $2::timestamptz
  group by hour
  union all
  select 'user', hour, null, null, hll_union_agg(sessions), hll_union_agg(songs)
  from batch.hour_user
  where hour >= $1::timestamptz and hour < $2::timestamptz
  group by hour
),
songs as (
  select
    hour, hll_union_agg(listeners) as listeners,
    array[
      coalesce(sum(thumbs_up), 0), coalesce(sum(thumbs_down), 0), coalesce(sum(playlist_adds), 0),
      coalesce(sum(shares), 0), coalesce(sum(friends_added), 0), coalesce(sum(adverts), 0)
    ]::bigint[] as engagement
  from batch.hour_song
  where hour >= $1::timestamptz and hour < $2::timestamptz
  group by hour
)
select
  hour, u.rollup, 'listeners, active_users, sessions, songs' as compared,
  array[# t.listeners, # t.active_users, # t.sessions, # t.songs] as in_totals,
  array[# u.listeners, # u.active_users, # u.sessions, # u.songs] as in_rollup
from totals as t
full join unions as u using (hour)
where u.rollup is null
  or (u.rollup <> 'user' and u.listeners is distinct from t.listeners)
  or (u.rollup <> 'user' and u.active_users is distinct from t.active_users)
  or u.sessions is distinct from t.sessions
  or u.songs is distinct from t.songs
union all
select hour, 'song', 'listeners', array[# t.listeners], array[# s.listeners]
from totals as t
full join songs as s using (hour)
where s.listeners is distinct from t.listeners
union all
select
  hour, 'song', 'thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts',
  t.engagement::double precision[], s.engagement::double precision[]
from songs as s
left join totals as t using (hour)
where exists (
  select
  from generate_series(1, 6) as i
  where s.engagement[i] > coalesce(t.engagement[i], 0)
)
