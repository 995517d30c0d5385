-- The published build and the epoch up to which it is loaded. Nobody else publishes until this transaction ends.
select build, loaded_epoch
from builds.published
where turn = (select max(turn) from builds.published)
for update
