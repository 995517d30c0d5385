insert into shadow.user_seen select user_key, first_seen, last_seen from stage.{table}
