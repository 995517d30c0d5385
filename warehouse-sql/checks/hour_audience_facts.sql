-- severity: error
-- batch.hour_audience says of each hour, gender and plan what its facts add up to.
-- on: check
with events as (
  select
    ts, user_key, level, 1 as listens, listened_ms, outcome, null as page, null::integer as status,
    null::boolean as success
  from warehouse.fact_listen
  where ts >= $1::timestamptz and ts < $2::timestamptz
  union all
  select ts, user_key, level, null, null, null, null, null, success
  from warehouse.fact_auth
  where ts >= $1::timestamptz and ts < $2::timestamptz
  union all
  select ts, user_key, level, null, null, null, page, coalesce(status, 0), null
  from warehouse.fact_page_view
  where ts >= $1::timestamptz and ts < $2::timestamptz
),
facts as (
  select
    layers.hour_of(ts) as hour, coalesce(u.gender, 'unknown') as gender,
    coalesce(e.level, 'unknown') as level,
    array[
      count(listens), coalesce(sum(listened_ms), 0),
      count(*) filter (where outcome = 'completed'), count(*) filter (where outcome = 'skipped'),
      count(*) filter (where outcome = 'partial'),
      count(*) filter (where page = 'Thumbs Up'),
      count(*) filter (where page = 'Thumbs Down'),
      count(*) filter (where page = 'Add to Playlist'),
      count(*) filter (where page = 'Share'),
      count(*) filter (where page = 'Add Friend'),
      count(*) filter (where page = 'Roll Advert'),
      count(status), count(*) filter (where status >= 400), count(*) filter (where success),
      count(*) filter (where not success)
    ]::bigint[] as counts
  from events as e
  left join layers.dim_user as u using (user_key)
  group by 1, 2, 3
),
rollup as (
  select
    hour, gender, level,
    array[
      coalesce(listens, 0), coalesce(listened_ms, 0), coalesce(completed, 0),
      coalesce(skipped, 0), coalesce(partial, 0), coalesce(thumbs_up, 0),
      coalesce(thumbs_down, 0), coalesce(playlist_adds, 0), coalesce(shares, 0),
      coalesce(friends_added, 0), coalesce(adverts, 0), coalesce(page_views, 0),
      coalesce(errors, 0), coalesce(logins, 0), coalesce(failed_logins, 0)
    ]::bigint[] as counts
  from batch.hour_audience
  where hour >= $1::timestamptz and hour < $2::timestamptz
)
select
  hour, gender, level,
  'listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins'
    as counted,
  facts.counts as in_facts,
  rollup.counts as in_rollup
from facts
full join rollup using (hour, gender, level)
where coalesce(facts.counts, array_fill(0::bigint, array[15]))
  <> coalesce(rollup.counts, array_fill(0::bigint, array[15]))
