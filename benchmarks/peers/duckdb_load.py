"""DuckDB: the star schema and the seven rollups of a lake, into a database file of its own.

  duckdb_load.py load LAKE FILE [--minutes-from T]    load
  duckdb_load.py answers FILE                         print the answers, as JSON

Without --minutes-from, rollups are kept by the minute. With it they are as Polyrhythm keeps them: by the
hour and the day, and by the minute from T on (totals: all minutes).

Settings: DuckDB's own, so all cores and 80 % of the memory; the columns of the JSON are declared and the
order of insertion is not kept, as its performance guide recommends.
"""

import argparse

import duckdb

import answers

# The columns of the three topics, as DuckDB's JSON reader takes them.
COMMON = {
    "ts": "BIGINT", "sessionId": "BIGINT", "itemInSession": "INTEGER", "level": "VARCHAR",
    "userAgent": "VARCHAR", "country": "VARCHAR", "city": "VARCHAR", "state": "VARCHAR", "zip": "VARCHAR",
    "lon": "DOUBLE", "lat": "DOUBLE", "userId": "BIGINT", "firstName": "VARCHAR", "lastName": "VARCHAR",
    "gender": "VARCHAR", "registration": "BIGINT",
}  # fmt: skip
SONG = {"artist": "VARCHAR", "song": "VARCHAR", "duration": "DOUBLE"}
TOPICS = {
    "listen": COMMON | SONG | {"auth": "VARCHAR"},
    "auth": COMMON | {"success": "BOOLEAN"},
    "page_view": COMMON
    | SONG
    | {"auth": "VARCHAR", "page": "VARCHAR", "method": "VARCHAR", "status": "INTEGER"},
}

# What the lake says, with the keys of the dimensions: hashes of what makes a member, 0 for none.
KEYED = """
create temp table {topic} as
select *, make_timestamp(ts * 1000) as time,
  if(userId is null, 0, hash(userId, firstName, lastName, gender, level, registration)) as user_key,
  hash(country, city, state, zip) as location_key,
  hash(userAgent) as device_key{song_key}
from read_json('{lake}/{topic}_events/*/*.ndjson', format = 'newline_delimited', columns = {columns})"""
SONG_KEY = """,
  round(duration * 1000)::integer as duration_ms,
  if(song is null and artist is null, 0, hash(artist, song, duration_ms)) as song_key"""

FACT_KEYS = """time as ts, strftime(time, '%Y%m%d')::integer as date_key,
  (ts // 1000 % 86400)::integer as time_key, user_key, location_key, device_key,
  sessionId as session_id, itemInSession as item_in_session"""

# A play ends when the same session's next listen starts or when its duration is over.
FACT_LISTEN = f"""
create table fact_listen as
select * exclude (next_ms),
  least(next_ms, duration_ms) as listened_ms,
  case
    when next_ms is null or next_ms >= duration_ms or next_ms * 10 >= duration_ms * 9 then 'completed'
    when next_ms < 30000 then 'skipped'
    else 'partial'
  end as outcome
from (
  select {FACT_KEYS}, song_key, auth, level, duration_ms,
    lead(listen.ts) over (
      partition by userId, sessionId order by listen.ts, itemInSession
    ) - listen.ts as next_ms
  from listen)"""
FACT_AUTH = f"create table fact_auth as select {FACT_KEYS}, success, level from auth"
FACT_PAGE_VIEW = f"""
create table fact_page_view as
select {FACT_KEYS}, song_key, page, method, status, auth, level from page_view"""

EVERYBODY = " union all ".join(
    f"""
    select user_key, userId, firstName, lastName, gender, level, registration, time,
      location_key, country, state, city, zip, lon, lat, device_key, userAgent
    from {topic}"""
    for topic in TOPICS
)
EVERYBODY = f"create temp view everybody as {EVERYBODY}"

DIMENSIONS = """
create table dim_user as
select user_key, any_value(userId) as user_id, any_value(firstName) as first_name,
  any_value(lastName) as last_name, any_value(gender) as gender, any_value(level) as level,
  make_timestamp(any_value(registration) * 1000) as registration,
  min(time) as first_seen, max(time) as last_seen
from everybody group by user_key;

create table dim_location as
select location_key, any_value(country) as country, any_value(state) as state, any_value(city) as city,
  any_value(zip) as zip, min(lon) as lon, min(lat) as lat
from everybody group by location_key;

create table dim_device as
select device_key, any_value(userAgent) as user_agent from everybody group by device_key;

create table dim_song as
select song_key, any_value(artist) as artist, any_value(song) as title,
  any_value(duration_ms) as duration_ms
from (
  select song_key, artist, song, duration_ms from listen
  union all select song_key, artist, song, duration_ms from page_view
)
group by song_key"""

# Every event of the facts, with what it adds to each measure.
MEASURED = """
create temp view measured as
select events.*, users.user_id, coalesce(users.gender, 'unknown') as gender,
  engagement = 'Thumbs Up' as is_up, engagement = 'Thumbs Down' as is_down,
  engagement = 'Add to Playlist' as is_added, engagement = 'Share' as is_shared,
  engagement = 'Add Friend' as is_friend, engagement = 'Roll Advert' as is_advert
from (
  select 'listen' as topic, ts, user_key, location_key, device_key, session_id, level, song_key, outcome,
    listened_ms, null as page, null as method, null as status, null as auth, null as success,
    null as engagement
  from fact_listen
  union all
  select 'page_view', ts, user_key, location_key, device_key, session_id, level, song_key, null, null,
    page, method, status, auth, null, page
  from fact_page_view
  union all
  select 'auth', ts, user_key, location_key, device_key, session_id, level, null, null, null, null, null,
    null, null, success, null
  from fact_auth
) as events
left join dim_user as users using (user_key)"""
PLAYED = """count(*) filter (topic = 'listen') as listens, sum(listened_ms) as listened_ms,
  count(*) filter (outcome = 'completed') as completed, count(*) filter (outcome = 'skipped') as skipped,
  count(*) filter (outcome = 'partial') as partial, count(*) filter (is_up) as thumbs_up,
  count(*) filter (is_down) as thumbs_down, count(*) filter (is_added) as playlist_adds,
  count(*) filter (is_shared) as shares, count(*) filter (is_friend) as friends_added,
  count(*) filter (is_advert) as adverts"""
REQUESTED = """count(*) filter (topic = 'page_view') as page_views,
  count(*) filter (status >= 400) as errors"""
ALL = f"""{PLAYED}, {REQUESTED},
  count(*) filter (success) as logins, count(*) filter (not success) as failed_logins"""
LISTENERS = "approx_count_distinct(user_id) filter (topic = 'listen') as listeners"
ACTIVE = "approx_count_distinct(user_id) as active_users"
SESSIONS = "approx_count_distinct(session_id) as sessions"
SONGS = "approx_count_distinct(nullif(song_key, 0)) filter (topic = 'listen') as songs"
DISTINCT = f"{LISTENERS}, {ACTIVE}, {SESSIONS}, {SONGS}"

# Name, keys beyond the time, measures, which events.
ROLLUPS = [
    ("totals", "", f"{ALL}, {DISTINCT}", "true"),
    ("song", "song_key", f"{PLAYED}, {LISTENERS}", "song_key is not null and (topic = 'listen' or song_key <> 0)"),
    ("user", "user_key", f"{ALL}, {SESSIONS}, {SONGS}", "true"),
    ("location", "location_key", f"{ALL}, {DISTINCT}", "true"),
    ("device", "device_key", f"{ALL}, {DISTINCT}", "true"),
    ("audience", "gender, level", f"{ALL}, {DISTINCT}", "true"),
    ("page", "page, method, status, auth, level", f"{REQUESTED}, {ACTIVE}, {SESSIONS}", "topic = 'page_view'"),
]  # fmt: skip


def make_rollup(db, rung: str, name: str, keys: str, measures: str, which: str) -> None:
    columns = f", {keys}" if keys else ""
    db.execute(f"""
        create table {rung}_{name} as
        select date_trunc('{rung}', ts) as {rung}{columns}, {measures}
        from measured where {which} group by all""")


def load(lake: str, file: str, minutes_from: str | None) -> None:
    with duckdb.connect(file) as db:
        db.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")
        for topic, columns in TOPICS.items():
            song_key = SONG_KEY if "song" in columns else ""
            db.execute(KEYED.format(topic=topic, lake=lake, columns=columns, song_key=song_key))
        for statement in (EVERYBODY, DIMENSIONS, FACT_LISTEN, FACT_AUTH, FACT_PAGE_VIEW, MEASURED):
            db.execute(statement)
        for name, keys, measures, which in ROLLUPS:
            recent = which
            if minutes_from:
                make_rollup(db, "hour", name, keys, measures, which)
                make_rollup(db, "day", name, keys, measures, which)
                if name != "totals":
                    recent = f"({which}) and ts >= timestamp '{minutes_from}'"
            make_rollup(db, "minute", name, keys, measures, recent)


def main() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    loading = commands.add_parser("load")
    loading.add_argument("lake")
    loading.add_argument("file")
    loading.add_argument("--minutes-from")
    commands.add_parser("answers").add_argument("file")
    arguments = parser.parse_args()
    if arguments.command == "load":
        load(arguments.lake, arguments.file, arguments.minutes_from)
    else:
        with duckdb.connect(arguments.file, read_only=True) as db:

            def query(sql: str) -> list[tuple]:
                return db.execute(sql).fetchall()

            star = answers.star(query)
            tables = [name for (name,) in query("show tables")]
            answers.show({**star, "wrong_rollups": answers.wrong_rollups(query, tables, star)})


if __name__ == "__main__":
    main()
