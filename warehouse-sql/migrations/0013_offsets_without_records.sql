-- Logs have offsets without records: Kafka's transactions and compaction leave them, and so do archives.
alter table warehouse.load_run
  add column offsets_without_record bigint not null default 0;
comment on column warehouse.load_run.offsets_without_record is 'offsets that the load read over and that had no record; with events_read they are all that the log has between its beginning or the last load and the cut';
