-- The songs and users of which the dimensions may lack what the catalogue says: those of records that no load has
-- looked at to the end, and songs of which events have named another track id since they were filled in. Null where they are half of all: then
-- all are looked at, which is simpler.
with songs as (
  select c.track_id
  from warehouse.catalogue_song as c
  join warehouse.catalogue_progress as p on p.topic = 'songs' and p.partition = c.partition
  where c.record_offset >= p.filled_offset
  union
  select c.track_id
  from warehouse.dim_song as d
  join warehouse.catalogue_song as c on c.track_id = d.event_track_id
  where d.track_id is distinct from d.event_track_id
),
users as (
  select c.user_id
  from warehouse.catalogue_user as c
  join warehouse.catalogue_progress as p on p.topic = 'users' and p.partition = c.partition
  where c.record_offset >= p.filled_offset
)
select
  (
    select case when 2 * count(*) <= (select count(*) from warehouse.catalogue_song) then coalesce(array_agg(track_id), '{}') end
    from songs
  ) as songs,
  (
    select case when 2 * count(*) <= (select count(*) from warehouse.catalogue_user) then coalesce(array_agg(user_id), '{}') end
    from users
  ) as users
