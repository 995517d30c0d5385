-- A full load writes them all anew: the log may be another one.
delete from batch.replay_point
