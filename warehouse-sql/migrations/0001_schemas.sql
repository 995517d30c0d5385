-- The schemas, one for each thing that a reader or a layer may know, and the reading role.

create extension if not exists hll;

create schema if not exists warehouse;
comment on schema warehouse is 'The star schema: facts and conformed dimensions, exact as of the last published load.';

create schema batch;
comment on schema batch is 'Minute rollups of everything below the last published cut, and the progress of the loads.';

create schema speed;
comment on schema speed is 'Minute rollups of what came after the cut, by epoch, and the committed offsets of the speed layer.';

create schema serving;
comment on schema serving is 'The merged views: batch rows plus speed rows of the epochs that are not loaded yet. Query these.';

create schema stage;
comment on schema stage is 'What a running load has written and not yet published. Emptied when a load begins.';

create schema parts;
comment on schema parts is 'The partitions of the tables in warehouse, batch and speed. Query the parents.';

-- Reads, and nothing more. Roles belong to the whole cluster, so the role may be there already.
do $$
begin
  create role analyst nologin;
exception when duplicate_object or unique_violation then
  null;
end
$$;

grant usage on schema warehouse, batch, speed, serving to analyst;
alter default privileges in schema warehouse grant select on tables to analyst;
alter default privileges in schema batch grant select on tables to analyst;
alter default privileges in schema speed grant select on tables to analyst;
alter default privileges in schema serving grant select on tables to analyst;
