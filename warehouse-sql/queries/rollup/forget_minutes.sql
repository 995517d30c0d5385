-- Deletes minutes that have been given up. Nobody reads them any more (layers_kept.sql).
delete from batch.{table}
where minute < (select minutes_from from batch.published)
