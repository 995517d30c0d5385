-- Which log the committed offsets are of: a log that lost its end to a power failure and was written again
-- has other records at the same offsets.

alter table speed.progress add column log_epoch bigint;
comment on column speed.progress.log_epoch is 'the epoch (docs/log-format.md) of the record below next_offset; null where the log knows none (Kafka, what an earlier version wrote)';

alter table batch.progress add column log_epoch bigint;
comment on column batch.progress.log_epoch is 'the epoch of the lake''s record below next_offset, likewise';
