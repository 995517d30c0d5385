-- Adds staged rows to minute_page: counters by sum, sketches by union (null is the empty sketch). Staged
-- rows of one key are added up first.
insert into {target} as t
  (minute, page, method, status, auth, level,
   page_views, errors, active_users, sessions)
select
  minute, page, method, status, auth, level,
  sum(page_views), sum(errors), hll_union_agg(active_users), hll_union_agg(sessions)
from stage.{table}
group by minute, page, method, status, auth, level
on conflict (minute, page, method, status, auth, level) do update
set
  page_views = t.page_views + excluded.page_views,
  errors = t.errors + excluded.errors,
  active_users = coalesce(hll_union(t.active_users, excluded.active_users), t.active_users, excluded.active_users),
  sessions = coalesce(hll_union(t.sessions, excluded.sessions), t.sessions, excluded.sessions)
