-- A full load writes all places anew, as it may have read another log.
delete from batch.replay_point
