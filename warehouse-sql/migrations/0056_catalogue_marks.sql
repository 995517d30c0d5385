-- What dimensions lack of the catalogue is looked for by each load. It looks at what came since the load before the last one
-- looked, and no longer at every song that there is.

alter table warehouse.catalogue_progress
  add column looked_offset bigint not null default 0,
  add column filled_offset bigint not null default 0;
comment on column warehouse.catalogue_progress.looked_offset is 'the last load looked at the records before this offset, for what the dimensions lack of them';
comment on column warehouse.catalogue_progress.filled_offset is 'two loads have: a flush that had begun before a record was there has long ended, and nothing lacks what the record says';
