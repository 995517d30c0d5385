-- The load had counted records in place of speed workers. They are counted nowhere now, so that the workers go back to
-- where they were at its cut, and count anew from there.
delete from speed.progress;
insert into speed.progress select * from undo.speed_progress
