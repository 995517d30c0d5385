-- New members and quarantined records are copied into these tables before they are inserted; every commit
-- empties them.
create temporary table if not exists new_user (
  user_key bigint, user_id bigint, first_name text, last_name text, gender text, level text,
  registration timestamptz
) on commit delete rows;
create temporary table if not exists new_song (
  song_key bigint, artist text, title text, duration double precision, event_track_id text
) on commit delete rows;
create temporary table if not exists new_location (
  location_key bigint, country text, state text, city text, zip text, lon double precision,
  lat double precision, region text
) on commit delete rows;
create temporary table if not exists new_device (
  device_key bigint, user_agent text, device_type text, os text, browser text
) on commit delete rows;
create temporary table if not exists new_user_tag (user_id bigint, tag text) on commit delete rows;
create temporary table if not exists new_quarantine (
  topic text, partition integer, record_offset bigint, reason text, raw bytea
) on commit delete rows;
