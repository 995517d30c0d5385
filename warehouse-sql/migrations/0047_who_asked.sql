-- Who asked for a load, and who for taking it back.
alter table warehouse.load_run
  add column requested_by text,
  add column rolled_back_by text;
comment on column warehouse.load_run.requested_by is 'who asked for the load: the name of an API token, or what --requested-by says; null where nobody is named';
comment on column warehouse.load_run.rolled_back_by is 'who asked to take the load back, in the same way';
