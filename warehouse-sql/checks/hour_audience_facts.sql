-- severity: error
-- batch.hour_audience says of each hour and plan what its facts add up to, and of each gender at least what known users did.
-- on: check
-- By gender the counts of the facts are a lower bound: an event without a user may show a gender, which counts in
-- the rollup, but facts have a gender through their user only.
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
  left join warehouse.dim_user as u using (user_key)
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
),
by_level as (
  select hour, level, name, sum(in_facts)::bigint as in_facts, sum(in_rollup)::bigint as in_rollup
  from (
    select hour, level, ordinal, count as in_facts, 0 as in_rollup
    from facts, unnest(counts) with ordinality as c (count, ordinal)
    union all
    select hour, level, ordinal, 0, count
    from rollup, unnest(counts) with ordinality as c (count, ordinal)
  ) as both_sides
  join unnest(
    string_to_array(
      'listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, page_views, errors, logins, failed_logins',
      ', ')
  ) with ordinality as n (name, ordinal) using (ordinal)
  group by hour, level, name
)
select hour, null as gender, level, name as counted, in_facts, in_rollup
from by_level
where in_facts <> in_rollup
union all
select hour, gender, level, 'at least', facts.counts[i], coalesce(rollup.counts[i], 0)
from facts
left join rollup using (hour, gender, level)
cross join generate_series(1, 15) as i
where gender <> 'unknown' and facts.counts[i] > coalesce(rollup.counts[i], 0)
