-- A full load replaces the places. Those that an incremental load adds are facts about the log, and stay: there is one for each
-- half hour of the log, and copying them all would cost each load more than the one before.
insert into undo.replay_point select * from batch.replay_point
