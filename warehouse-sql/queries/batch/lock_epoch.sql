-- No flush commits from here to the end of the cut, so the offsets read next are exactly those of the
-- rows in this epoch and the ones before it.
select epoch from speed.current_epoch for update
