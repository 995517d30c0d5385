-- severity: warning
-- Songs have what the catalogue says of them; the next load gives it to those that have not.
-- on: check
select d.song_key, d.artist, d.title, d.track_id, m.track_id as catalogue_says
from warehouse.dim_song as d
cross join lateral warehouse.track_of(d.event_track_id, d.artist, d.title, d.duration) as m
left join warehouse.catalogue_song as c on c.track_id = m.track_id
where d.song_key <> 0
  and (
    d.track_id is distinct from m.track_id or d.genre is distinct from c.genre or d.album is distinct from c.album
    or d.track_alone and (d.artist is distinct from c.artists[1] or d.title is distinct from c.title)
  )
  and $1::timestamptz < $2::timestamptz
