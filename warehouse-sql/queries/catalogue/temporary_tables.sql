-- Records are copied into these tables before they are taken over; every commit empties them.
create temporary table if not exists new_catalogue_song (like warehouse.catalogue_song) on commit delete rows;
create temporary table if not exists new_catalogue_user (like warehouse.catalogue_user) on commit delete rows;
