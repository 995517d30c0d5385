-- No flush commits from here to the end of the cut. So the offsets that are read next are exactly those up to
-- which the rows of this epoch and the earlier ones count.
select epoch from speed.current_epoch for update
