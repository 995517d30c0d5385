-- A topic of Kafka that was deleted and created again is told by its id, also where it is longer by now than the old one was.

alter table speed.progress add column topic_id text;
comment on column speed.progress.topic_id is 'Kafka''s id of the topic whose records below next_offset are in the rollups; null where nobody could tell (another log than Kafka, librdkafka before 2.3, brokers before 2.8)';
alter table undo.speed_progress add column topic_id text;
comment on column undo.speed_progress.topic_id is 'as in speed.progress';
