-- Into which stretches of time late events came with a load: figures of the past that this load has changed.
alter table warehouse.load_run add column late_days jsonb;
comment on column warehouse.load_run.late_days is
  'of the late events: for each day (UTC) that has any, its date, how many, and the times of the first and the last of them; null for loads of before this was noted';
