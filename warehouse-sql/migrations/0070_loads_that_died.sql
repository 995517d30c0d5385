-- A load that somebody has asked the server for is told of as begun before it has the lock of loads. Where it does not get it, the
-- history of loads is where they see that.
alter table warehouse.load_run add column is_refused boolean not null default false;
comment on column warehouse.load_run.is_refused is 'whether it could not begin, as another load was running; it has done nothing then';

-- A load that was killed writes nothing any more. That it is dead its lease says, and not only to the next load.
create view warehouse.load_state as
select
  load_run_id,
  case when is_dead then 'failed' else status end as status,
  case when is_dead then lease_until else finished_at end as finished_at,
  case
    when is_dead
      then 'The process ended or froze before the load was published; its events are counted by the speed layer until the next load'
    else error
  end as error,
  is_refused
from (
  select
    load_run_id, status, finished_at, error, is_refused, lease_until,
    status = 'running' and coalesce(lease_until <= clock_timestamp(), true) as is_dead
  from warehouse.load_run
) as run;
comment on view warehouse.load_state is 'How each load ended, or that it is running. A load whose lease ran out has failed, though nobody has written that into warehouse.load_run yet.';
comment on column warehouse.load_state.load_run_id is 'the load, as in warehouse.load_run';
comment on column warehouse.load_state.status is 'running, published, failed, shadow (it waits), rolled back or discarded';
comment on column warehouse.load_state.finished_at is 'when it ended; of one that died, when its lease did. Null while it runs';
comment on column warehouse.load_state.error is 'why it failed';
comment on column warehouse.load_state.is_refused is 'as in warehouse.load_run';
