alter table stage.{table} add primary key (minute, song_key)
