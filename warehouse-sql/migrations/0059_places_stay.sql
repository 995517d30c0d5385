-- Places to read the log again from are facts about the log: only a full load replaces them, and is noted for that
-- (docs/decisions/0034).
comment on table undo.replay_point is 'batch.replay_point before a full load, which replaces it. Empty after an incremental load, which only adds to it.';
