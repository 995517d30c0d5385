-- Any number of flushes may hold this lock at once, but none while a cut changes the epoch.
select epoch from speed.current_epoch for share
