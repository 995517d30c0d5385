-- A credit that moved on to another song leaves nothing behind.
delete from {target}
where (minute, song_key) in (select minute, song_key from stage.{table})
  and coalesce(
    listens, listened_ms, completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds, shares,
    friends_added, adverts
  ) is null
  and listeners is null
