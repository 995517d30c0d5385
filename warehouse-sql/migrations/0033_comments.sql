-- What every column means, where nothing says so yet. A name means the same in every table that has it.

do $$
declare
  meaning text[][] := array[
    -- counters of rollups
    ['listens', 'plays that started'],
    ['listened_ms', 'time listened, milliseconds, of plays that have ended'],
    ['completed', 'plays listened to for at least nine tenths of the song'],
    ['skipped', 'plays left within half a minute for another song'],
    ['partial', 'other plays that have ended'],
    ['thumbs_up', 'likes'],
    ['thumbs_down', 'dislikes'],
    ['playlist_adds', 'songs put into a playlist'],
    ['shares', 'songs passed on'],
    ['friends_added', 'friends added'],
    ['adverts', 'adverts shown'],
    ['page_views', 'page views of every kind'],
    ['errors', 'page views answered with a status of 400 or more'],
    ['logins', 'logins that succeeded'],
    ['failed_logins', 'logins that failed'],
    -- sketches
    ['listeners', 'distinct users with a play: a sketch; # estimates it, hll_union_agg unites several'],
    ['active_users', 'distinct users with any event: a sketch; # estimates it, hll_union_agg unites several'],
    ['sessions', 'distinct sessions with any event: a sketch; # estimates it, hll_union_agg unites several'],
    ['songs', 'distinct songs played: a sketch; # estimates it, hll_union_agg unites several'],
    -- time
    ['minute', 'when the minute of the event time begins'],
    ['hour', 'when the hour of the event time begins'],
    ['day', 'the day of the event time, UTC'],
    ['ts', 'event time'],
    ['date_key', 'the day in dim_date, yyyymmdd'],
    ['time_key', 'the second of the day in dim_time'],
    ['source', 'batch, speed or both: which layers the row has events of'],
    ['is_final', 'whether only events that come later than allowed can change the row'],
    ['epoch', 'the epoch of the rows: those up to batch.published.loaded_epoch are loaded'],
    -- keys of dimensions
    ['user_key', 'the state of the user in dim_user; 0 for guests'],
    ['song_key', 'the song in dim_song; 0 for unknown'],
    ['location_key', 'the place in dim_location; 0 for unknown'],
    ['device_key', 'the device in dim_device; 0 for unknown'],
    -- what events say
    ['user_id', 'the user, as events have it'],
    ['first_name', 'as events have it'],
    ['last_name', 'as events have it'],
    ['gender', 'as events have it'],
    ['level', 'the plan: free or paid'],
    ['registration', 'when the user registered'],
    ['auth', 'state of the login'],
    ['page', 'what was requested'],
    ['method', 'HTTP method'],
    ['status', 'HTTP status'],
    ['success', 'whether the login succeeded'],
    ['session_id', 'the session, as events have it'],
    ['item_in_session', 'position in the session, from 0'],
    ['user_agent', 'what the device says of itself'],
    ['device_type', 'kind of device, such as mobile'],
    ['os', 'operating system'],
    ['browser', 'browser or player'],
    ['state', 'state or province'],
    ['city', 'city'],
    ['zip', 'postal code'],
    ['lon', 'degrees, east positive'],
    ['lat', 'degrees, north positive'],
    -- songs
    ['artist', 'as listens have it'],
    ['title', 'as listens have it under song'],
    ['genre', 'the genre''s name, where the catalogue knows the song'],
    ['album', 'the album''s name, where the catalogue knows the song'],
    ['popularity', 'the more popular, the higher: 0 to 100'],
    ['explicit', 'whether the song is marked as explicit'],
    ['danceability', 'how well one can dance to it: 0 to 1'],
    ['energy', 'intensity: 0 to 1'],
    ['key', 'pitch class of the tonic: 0 = C to 11 = B, -1 unknown'],
    ['loudness', 'decibels below full scale, on average'],
    ['mode', '1 = major, 0 = minor'],
    ['speechiness', 'share of spoken words: 0 to 1'],
    ['acousticness', 'confidence that it is acoustic: 0 to 1'],
    ['instrumentalness', 'confidence that nobody sings: 0 to 1'],
    ['liveness', 'confidence that an audience is there: 0 to 1'],
    ['valence', 'from sad or angry, 0, to happy, 1'],
    ['tempo', 'beats a minute'],
    ['time_signature', 'beats in a bar'],
    -- the log, loads and workers
    ['topic', 'topic of the log'],
    ['partition', 'number of the partition'],
    ['record_offset', 'where the record is in its partition'],
    ['next_offset', 'the first offset that is not counted'],
    ['from_offset', 'the first offset of the stretch'],
    ['end_offset', 'one past the last offset of the stretch'],
    ['first_partition', 'partition of the first record that said this'],
    ['first_offset', 'offset of the first record that said this'],
    ['replay_from', 'where reading has to begin to know what is under way'],
    ['replay_watermark', 'the watermark there'],
    ['raw', 'the record''s bytes'],
    ['reason', 'field, what was expected, what was found'],
    ['content', 'hash of the line'],
    ['found_at', 'when it was found'],
    ['records', 'how many records said this'],
    ['repeats', 'how many of them were not the first'],
    ['load_run_id', 'the load (warehouse.load_run)'],
    ['loaded_epoch', 'speed rows of epochs up to this one are loaded'],
    ['build', 'the full load that made the build'],
    ['fact', 'name of the fact'],
    ['table_name', 'table in the schema parts'],
    ['rule', 'what must hold'],
    ['auths', 'auth events counted'],
    ['quarantined', 'records that were no events'],
    ['error', 'why the load failed'],
    ['started_at', 'when it began'],
    ['finished_at', 'when it ended'],
    ['published_at', 'when the last load was published'],
    ['updated_at', 'when the row was written last'],
    ['worker_id', 'the speed worker'],
    ['lease_until', 'until when the worker is taken for alive'],
    ['process', 'name of the process'],
    ['backend_pid', 'process of the server that the session has'],
    ['only_row', 'true: the table has one row'],
    ['number', 'number of the migration'],
    ['name', 'name of the migration'],
    ['sha256', 'hash of its file'],
    ['applied_at', 'when it was applied']
  ];
  name    text[];
  missing record;
begin
  foreach name slice 1 in array meaning loop
    for missing in
      select n.nspname, c.relname
      from pg_attribute as a
      join pg_class as c on c.oid = a.attrelid
      join pg_namespace as n on n.oid = c.relnamespace
      where n.nspname in ('serving', 'warehouse', 'batch', 'speed')
        and c.relkind in ('r', 'p', 'v')
        and a.attname = name[1]
        and a.attnum > 0
        and not a.attisdropped
        and col_description(c.oid, a.attnum) is null
    loop
      execute format(
        'comment on column %I.%I.%I is %L', missing.nspname, missing.relname, name[1], name[2]);
    end loop;
  end loop;
end
$$;

comment on table warehouse.schema_migration is 'The migrations that were applied, with the hashes of their files.';
