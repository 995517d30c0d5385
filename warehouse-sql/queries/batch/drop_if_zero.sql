-- A credit that moved on to another song leaves nothing behind.
delete from {target}
where (minute, song_key) in (select minute, song_key from stage.{table})
  and listens = 0 and listened_ms = 0 and completed = 0 and skipped = 0 and partial = 0
  and thumbs_up = 0 and thumbs_down = 0 and playlist_adds = 0 and shares = 0
  and friends_added = 0 and adverts = 0 and listeners is null
