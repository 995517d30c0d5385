delete from batch.progress;
insert into batch.progress select * from undo.progress;
delete from batch.counted_ahead;
insert into batch.counted_ahead select * from undo.counted_ahead;
delete from batch.replay_point where exists (select from undo.load where is_full);
-- A flush of the speed layer may add places at the same time.
insert into batch.replay_point select * from undo.replay_point on conflict do nothing
