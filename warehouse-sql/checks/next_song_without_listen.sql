-- severity: warning
-- NextSong page views have their listen, the same session, position and time: all but one in a thousand of a day.
-- on: check
-- An import that loses listens shows here. A source that has none, or whose listens are not loaded yet,
-- shows here too; so it is a warning.
with days as (
  select
    date_bin('1 day', v.ts, 'epoch') as day, count(*) as next_songs,
    count(*) filter (where l.ts is null) as without_listen
  from warehouse.fact_page_view as v
  left join (
    select distinct ts, session_id, item_in_session
    from warehouse.fact_listen
    where ts >= $1::timestamptz and ts < $2::timestamptz
  ) as l
    on l.ts = v.ts and l.session_id = v.session_id and l.item_in_session = v.item_in_session
  where v.ts >= $1::timestamptz and v.ts < $2::timestamptz and v.page = 'NextSong'
  group by 1
)
select day, next_songs, without_listen
from days
where without_listen * 1000 > next_songs
