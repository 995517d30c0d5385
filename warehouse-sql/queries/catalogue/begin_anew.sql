-- A log that ends before what was read is another one than before: its records count as later than all that are there.
with forgotten as (
  delete from warehouse.catalogue_progress where topic = $1 and partition = $2::integer returning topic
),
songs as (
  update warehouse.catalogue_song set record_offset = -1
  where partition = $2::integer and (select topic from forgotten) = 'songs'
)
update warehouse.catalogue_user set record_offset = -1
where partition = $2::integer and (select topic from forgotten) = 'users'
