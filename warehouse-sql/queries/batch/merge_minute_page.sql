-- Adds staged rows to minute_page: counters by sum, sketches by union; null is 0, or the empty sketch. Staged
-- rows of one key are added up first.
insert into {target} as t
  (minute, page, method, status, auth, level,
   page_views, errors, active_users, sessions)
select
  minute, page, method, status, auth, level,
  nullif(sum(page_views), 0), nullif(sum(errors), 0), hll_union_agg(active_users),
  hll_union_agg(sessions)
from stage.{table}
group by minute, page, method, status, auth, level
on conflict (minute, page, method, status, auth, level) do update
set
  page_views = nullif(coalesce(t.page_views, 0) + coalesce(excluded.page_views, 0), 0),
  errors = nullif(coalesce(t.errors, 0) + coalesce(excluded.errors, 0), 0),
  active_users = coalesce(hll_union(t.active_users, excluded.active_users), t.active_users, excluded.active_users),
  sessions = coalesce(hll_union(t.sessions, excluded.sessions), t.sessions, excluded.sessions)
