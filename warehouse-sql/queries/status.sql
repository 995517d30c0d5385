-- Records of the loads are counted; what the speed layer has committed since is told from offsets, some of which may have no
-- record.
with loaded as (
  select sum(events_read)::bigint as records
  from warehouse.load_run
  where status = 'published' and kind <> 'days' and build = (select build from batch.published)
), since as (
  select sum(
    greatest(0, s.next_offset - coalesce(b.next_offset, 0) - coalesce((
      select sum(greatest(0,
        least(l.to_offset, s.next_offset) - greatest(l.from_offset, coalesce(b.next_offset, 0))))
      from warehouse.lost_records as l
      where l.topic = s.topic and l.partition = s.partition
    ), 0))
  )::bigint as records
  from speed.progress as s
  left join batch.progress as b using (topic, partition)
)
select
  (select epoch from speed.current_epoch) as epoch,
  (select loaded_epoch from batch.published) as loaded_epoch,
  (select coalesce(loaded.records, 0) + since.records from loaded, since) as speed_records,
  (select max(updated_at) from speed.progress) as speed_updated_at,
  (select records from loaded) as batch_records,
  (select published_at from batch.published) as published_at,
  (select load_run_id from batch.published) as published_load_run,
  (select status from warehouse.load_state where not is_refused order by load_run_id desc limit 1) as last_load_status,
  (select error from warehouse.load_state where not is_refused order by load_run_id desc limit 1) as last_load_error,
  (select count(*) from warehouse.quarantine) as quarantined,
  (select coalesce(sum(records), 0)::bigint from warehouse.lost_records) as lost_records,
  (select max(accepted_at) from warehouse.lost_records) as lost_accepted_at,
  (select count(*) from speed.worker) as speed_workers,
  (select coalesce(sum(end_offset - from_offset), 0)::bigint from speed.live_reservation) as reserved_records,
  (select count(*) from speed.late_event where not is_certain) as late_uncertain,
  (select sum(listens)::bigint from serving.minute_totals) as listens,
  (select sum(page_views)::bigint from serving.minute_totals) as page_views,
  (select sum(logins + failed_logins)::bigint from serving.minute_totals) as auths,
  (select max(minute) from serving.minute_totals) as last_minute
