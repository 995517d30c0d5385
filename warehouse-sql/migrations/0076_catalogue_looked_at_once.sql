-- A load that nobody writes songs beside looks at a record of the catalogue once, and not once more with the next load.

comment on column warehouse.catalogue_progress.filled_offset is 'nothing lacks what the records before this offset say: a load has looked at them that nobody else was writing beside, or two loads have, between which those who had begun before a record was there have ended';
