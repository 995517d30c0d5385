-- What an earlier full load has left: it was published, or has failed, or is replaced by the one that runs.
truncate shadow.progress, shadow.counted_ahead, shadow.replay_point, shadow.user_seen
