-- severity: warning
-- NextSong page views have their listen, the same session, position and time: all but one in a thousand of a day.
-- on: check
-- An import that loses listens shows here. A source without listens, or one whose listens are not loaded yet,
-- shows here too, so the check is a warning. The facts are grouped and not joined: right after a load the planner
-- has no statistics, and a join of two days' facts by nested loops takes hours.
with plays as (
  select
    ts, session_id, item_in_session,
    count(*) filter (where is_view) as next_songs, bool_or(not is_view) as has_listen
  from (
    select ts, session_id, item_in_session, true as is_view
    from warehouse.fact_page_view
    where ts >= $1::timestamptz and ts < $2::timestamptz and page = 'NextSong'
    union all
    select ts, session_id, item_in_session, false
    from warehouse.fact_listen
    where ts >= $1::timestamptz and ts < $2::timestamptz
  ) as events
  group by ts, session_id, item_in_session
),
days as (
  select
    date_bin('1 day', ts, 'epoch') as day, sum(next_songs)::bigint as next_songs,
    coalesce(sum(next_songs) filter (where not has_listen), 0)::bigint as without_listen
  from plays
  where next_songs > 0
  group by 1
)
select day, next_songs, without_listen
from days
where without_listen * 1000 > next_songs
