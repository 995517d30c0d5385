-- What the kernels have to know of the log is that of the build from now on.
delete from batch.counted_ahead;
insert into batch.counted_ahead select * from shadow.counted_ahead;
delete from batch.replay_point;
-- A flush of the speed layer may add places at the same time.
insert into batch.replay_point select * from shadow.replay_point on conflict do nothing
