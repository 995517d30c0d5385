-- severity: error
-- batch.minute_totals has the engagement, the users, the sessions and the songs of each minute's facts.
-- on: check
with events as (
  select
    ts, user_key, session_id, true as is_listen, nullif(song_key, 0) as song_key, null as page
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz
  union all
  select ts, user_key, session_id, false, null, null
  from warehouse.fact_auth
  where ts >= $1::timestamptz and ts < $2::timestamptz
  union all
  select ts, user_key, session_id, false, null, page
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
),
facts as (
  select
    date_bin('1 minute', e.ts, 'epoch') as minute,
    array[
      count(*) filter (where e.page = 'Thumbs Up'),
      count(*) filter (where e.page = 'Thumbs Down'),
      count(*) filter (where e.page = 'Add to Playlist'),
      count(*) filter (where e.page = 'Share'),
      count(*) filter (where e.page = 'Add Friend'),
      count(*) filter (where e.page = 'Roll Advert')
    ]::bigint[] as engagement,
    nullif(
      hll_add_agg(hll_hash_bigint(u.user_id), 12) filter (where e.is_listen), hll_empty(12)
    ) as listeners,
    nullif(hll_add_agg(hll_hash_bigint(u.user_id), 12), hll_empty(12)) as active_users,
    nullif(hll_add_agg(hll_hash_bigint(e.session_id), 12), hll_empty(12)) as sessions,
    nullif(hll_add_agg(hll_hash_bigint(e.song_key), 12), hll_empty(12)) as songs
  from events as e
  left join warehouse.dim_user as u using (user_key)
  group by 1
),
totals as (
  select
    minute,
    array[
      coalesce(thumbs_up, 0), coalesce(thumbs_down, 0), coalesce(playlist_adds, 0),
      coalesce(shares, 0), coalesce(friends_added, 0), coalesce(adverts, 0)
    ]::bigint[] as engagement,
    listeners, active_users, sessions, songs
  from batch.minute_totals
  where minute >= $1::timestamptz and minute < $2::timestamptz
)
select
  minute,
  'thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts' as counted,
  f.engagement as in_facts,
  t.engagement as in_rollup,
  'listeners, active_users, sessions, songs' as estimated,
  array[# f.listeners, # f.active_users, # f.sessions, # f.songs] as of_facts,
  array[# t.listeners, # t.active_users, # t.sessions, # t.songs] as of_rollup
from facts as f
full join totals as t using (minute)
where coalesce(f.engagement, array_fill(0::bigint, array[6]))
    <> coalesce(t.engagement, array_fill(0::bigint, array[6]))
  or f.listeners is distinct from t.listeners
  or f.active_users is distinct from t.active_users
  or f.sessions is distinct from t.sessions
  or f.songs is distinct from t.songs
