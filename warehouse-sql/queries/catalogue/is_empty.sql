select not exists (select from warehouse.catalogue_song) as has_no_song, not exists (select from warehouse.catalogue_user) as has_no_user
