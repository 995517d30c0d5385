-- Deletes minutes that have been given up, and that no load which can be taken back would bring back. Nobody reads them
-- any more.
delete from parts.{table}_b{build}
where minute < (
  select least(minutes_from, (select minutes_from from undo.published))
  from batch.published
)
