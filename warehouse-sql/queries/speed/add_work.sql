insert into speed.work as w (
  partition, flushes, flush_seconds, listens, auths, page_views, late, redelivered, quarantined)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (partition) do update set
  flushes = w.flushes + excluded.flushes,
  flush_seconds = w.flush_seconds + excluded.flush_seconds,
  listens = w.listens + excluded.listens,
  auths = w.auths + excluded.auths,
  page_views = w.page_views + excluded.page_views,
  late = w.late + excluded.late,
  redelivered = w.redelivered + excluded.redelivered,
  quarantined = w.quarantined + excluded.quarantined
