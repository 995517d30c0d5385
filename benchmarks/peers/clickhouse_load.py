"""ClickHouse, in this process by chdb: facts, dimensions and the seven rollups of a lake, in files of its own.

  clickhouse_load.py load LAKE DIR [--minutes-from T]    load
  clickhouse_load.py answers DIR                         print the answers, as JSON

Events are inserted once, into tables of engine Null, from which materialized views fill facts and dimensions.
The outcome of a play is found while inserting, since a window function needs the whole session. Rollups are
then made of the facts, one statement each: with materialized views on each block, as one has them where events
trickle in, they took three times as much of the processors here. Distinct counts are kept as states that can be
merged, so days are made of hours.

Without --minutes-from, rollups are kept by the minute. With it they are as Polyrhythm keeps them: by the
hour and the day, and by the minute from T on (totals: all minutes).

Settings: ClickHouse's own, so all cores and 90 % of the memory; materialized views are filled in parallel.
"""

import argparse
import json

from chdb import session

import answers

COMMON = """ts Int64, sessionId Int64, itemInSession Int32, level LowCardinality(String),
  userAgent LowCardinality(String), country LowCardinality(String), city LowCardinality(String),
  state LowCardinality(String), zip LowCardinality(String), lon Float64, lat Float64,
  userId Nullable(Int64), firstName LowCardinality(String), lastName LowCardinality(String),
  gender LowCardinality(String), registration Nullable(Int64)"""
SONG = "artist String, song String, duration Float64"
PAGE = """page LowCardinality(String), method LowCardinality(String), status UInt16,
  auth LowCardinality(String)"""
TOPICS = {
    "listen": f"{COMMON}, {SONG}, auth LowCardinality(String)",
    "auth": f"{COMMON}, success Bool",
    "page_view": f"{COMMON}, {SONG}, {PAGE}",
}

# The keys of the dimensions: hashes of what makes a member, 0 for none.
USER_KEY = """if(userId is null, 0,
  cityHash64(assumeNotNull(userId), firstName, lastName, gender, level, registration))"""
KEYED = f"""
  fromUnixTimestamp64Milli(ts, 'UTC') as time, {USER_KEY} as user_key,
  cityHash64(country, city, state, zip) as location_key, cityHash64(userAgent) as device_key"""
KEYS = """time DateTime64(3, 'UTC'), user_key UInt64, location_key UInt64, device_key UInt64"""
SONG_KEY = """toInt32(round(duration * 1000)) as duration_ms,
  if(song = '' and artist = '', 0, cityHash64(artist, song, duration_ms)) as song_key"""
SONG_KEYS = "duration_ms Int32, song_key UInt64"
PLAY = "listened_ms Int32, outcome Enum8('completed' = 1, 'skipped' = 2, 'partial' = 3)"

ARRIVED = {
    "listen": f"{TOPICS['listen']}, {KEYS}, {SONG_KEYS}, {PLAY}",
    "auth": f"{TOPICS['auth']}, {KEYS}",
    "page_view": f"{TOPICS['page_view']}, {KEYS}, {SONG_KEYS}",
}

FACT = """ts DateTime64(3, 'UTC'), date_key UInt32, time_key UInt32, user_key UInt64, location_key UInt64,
  device_key UInt64, session_id Int64, item_in_session Int32"""
AS_FACT = """time as ts, toYYYYMMDD(time) as date_key, toUInt32(intDiv(arrived.ts, 1000) % 86400) as time_key,
  user_key, location_key, device_key, sessionId as session_id, itemInSession as item_in_session"""
# Fact: further columns, with their types and as they are selected.
FACTS = {
    "listen": (
        f"song_key UInt64, auth LowCardinality(String), level LowCardinality(String), duration_ms Int32, {PLAY}",
        "song_key, auth, level, duration_ms, listened_ms, outcome",
    ),
    "auth": ("success Bool, level LowCardinality(String)", "success, level"),
    "page_view": (
        f"song_key UInt64, {PAGE}, level LowCardinality(String)",
        "song_key, page, method, status, auth, level",
    ),
}  # fmt: skip

# Dimension: columns, how a member is selected, from which topics. Every block inserts its members, and merges of
# the parts fold them: what is no aggregate depends on the key alone.
DIMENSIONS = {
    "user": (
        """user_key UInt64, user_id Nullable(Int64), first_name String, last_name String, gender String,
          level String, registration Nullable(Int64),
          first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
          last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC'))""",
        """user_key, any(userId) as user_id, any(firstName) as first_name, any(lastName) as last_name,
          any(gender) as gender, any(level) as level, any(registration) as registration,
          min(time) as first_seen, max(time) as last_seen""",
        ["listen", "auth", "page_view"],
    ),
    "location": (
        """location_key UInt64, country String, state String, city String, zip String,
          lon SimpleAggregateFunction(min, Float64), lat SimpleAggregateFunction(min, Float64)""",
        """location_key, any(country) as country, any(state) as state, any(city) as city, any(zip) as zip,
          min(lon) as lon, min(lat) as lat""",
        ["listen", "auth", "page_view"],
    ),
    "device": (
        "device_key UInt64, user_agent String",
        "device_key, any(userAgent) as user_agent",
        ["listen", "auth", "page_view"],
    ),
    "song": (
        "song_key UInt64, artist String, title String, duration_ms Int32",
        "song_key, any(artist) as artist, any(song) as title, any(arrived.duration_ms) as duration_ms",
        ["listen", "page_view"],
    ),
}

# Measure: what an event of the topic adds to it.
PLAYED = {
    "listens": {"listen": "1"},
    "listened_ms": {"listen": "listened_ms"},
    "completed": {"listen": "outcome = 'completed'"},
    "skipped": {"listen": "outcome = 'skipped'"},
    "partial": {"listen": "outcome = 'partial'"},
    "thumbs_up": {"page_view": "page = 'Thumbs Up'"},
    "thumbs_down": {"page_view": "page = 'Thumbs Down'"},
    "playlist_adds": {"page_view": "page = 'Add to Playlist'"},
    "shares": {"page_view": "page = 'Share'"},
    "friends_added": {"page_view": "page = 'Add Friend'"},
    "adverts": {"page_view": "page = 'Roll Advert'"},
}
REQUESTED = {"page_views": {"page_view": "1"}, "errors": {"page_view": "status >= 400"}}
LOGGED_IN = {"logins": {"auth": "success"}, "failed_logins": {"auth": "not success"}}
ALL = PLAYED | REQUESTED | LOGGED_IN

# Distinct counts: of what, and its type. 12 is log2 of the registers, as in Polyrhythm's sketches.
DISTINCT = {
    "listeners": ("if(listens = 1, user_id, null)", "Nullable(Int64)"),
    "active_users": ("user_id", "Nullable(Int64)"),
    "sessions": ("session_id", "Int64"),
    "songs": ("if(listens = 1, nullIf(song_key, 0), null)", "Nullable(UInt64)"),
}

TEXT = "LowCardinality(String)"
# Name: keys beyond the time, measures, distinct counts, which events.
ROLLUPS = {
    "totals": ({}, ALL, list(DISTINCT), "true"),
    "song": (
        {"song_key": "UInt64"},
        PLAYED,
        ["listeners"],
        "listens = 1 or (page_views = 1 and song_key <> 0)",
    ),
    "user": ({"user_key": "UInt64"}, ALL, ["sessions", "songs"], "true"),
    "location": ({"location_key": "UInt64"}, ALL, list(DISTINCT), "true"),
    "device": ({"device_key": "UInt64"}, ALL, list(DISTINCT), "true"),
    "audience": ({"gender": TEXT, "level": TEXT}, ALL, list(DISTINCT), "true"),
    "page": (
        {"page": TEXT, "method": TEXT, "status": "UInt16", "auth": TEXT, "level": TEXT},
        REQUESTED,
        ["active_users", "sessions"],
        "page_views = 1",
    ),
}
RUNGS = {"minute": "toStartOfMinute", "hour": "toStartOfHour", "day": "toStartOfDay"}


def measured() -> str:
    """A view of every event of the facts, with what it adds to each measure."""
    events = []
    for topic in FACTS:
        is_page, is_auth = topic == "page_view", topic == "auth"
        columns = ["ts", "user_key", "location_key", "device_key", "session_id", "level"]
        columns.append("0 as song_key" if is_auth else "song_key")
        columns += (
            ["page", "method", "status", "auth"]
            if is_page
            else ["'' as page", "'' as method", "0 as status", "'' as auth"]
        )
        columns += [f"toInt64({adds.get(topic, '0')}) as {measure}" for measure, adds in ALL.items()]
        events.append(f"select {', '.join(columns)} from fact_{topic}")
    return f"""create view measured as
        select events.*, users.user_id as user_id, if(users.gender = '', 'unknown', users.gender) as gender
        from ({" union all ".join(events)}) as events
        any left join dim_user as users on users.user_key = events.user_key"""


def tables() -> list[str]:
    """The facts, the dimensions, and the views that fill them."""
    statements = []
    for topic, (columns, selected) in FACTS.items():
        statements += [
            f"create table arrived_{topic} ({ARRIVED[topic]}) engine = Null",
            f"create table fact_{topic} ({FACT}, {columns}) engine = MergeTree order by ts",
            f"""create materialized view fill_fact_{topic} to fact_{topic} as
                select {AS_FACT}, {selected} from arrived_{topic} as arrived""",
        ]
    for name, (columns, selected, topics) in DIMENSIONS.items():
        statements.append(
            f"""create table dim_{name} ({columns}) engine = AggregatingMergeTree order by {name}_key
                settings allow_dimensions_outside_sorting_key = 1"""
        )
        statements += [
            f"""create materialized view fill_dim_{name}_{topic} to dim_{name} as
                select {selected} from arrived_{topic} as arrived group by {name}_key"""
            for topic in topics
        ]
    return statements


def rollup(rung: str, name: str, source: str = "ts", since: str | None = None) -> list[str]:
    """A rollup, of the events or, where `source` is a finer rung, of that rung's rows."""
    keys, measures, distinct, which = ROLLUPS[name]
    columns = [f"{rung} DateTime('UTC')", *(f"{key} {kind}" for key, kind in keys.items())]
    columns += [f"{measure} Int64" for measure in measures]
    columns += [f"{count} AggregateFunction(uniqCombined(12), {DISTINCT[count][1]})" for count in distinct]
    order = ", ".join([rung, *keys])
    selected = [f"toDateTime({RUNGS[rung]}({source}), 'UTC') as {rung}", *keys]
    selected += [f"sum({measure})" for measure in measures]
    if source == "ts":
        selected += [f"uniqCombinedState(12)({DISTINCT[count][0]})" for count in distinct]
        rows = f"measured where ({which})" + (f" and ts >= '{since}'" if since else "")
    else:
        selected += [f"uniqCombinedMergeState(12)({count})" for count in distinct]
        rows = f"{source}_{name}"
    return [
        f"create table {rung}_{name} ({', '.join(columns)}) engine = MergeTree order by ({order})",
        f"insert into {rung}_{name} select {', '.join(selected)} from {rows} group by {order}",
    ]


def insertions(lake: str) -> list[str]:
    """The inserts that read the lake. A play ends when the same session's next listen starts, or when its
    duration is over."""
    source = {
        topic: f"file('{lake}/{topic}_events/*/*.ndjson', JSONEachRow, '{columns}')"
        for topic, columns in TOPICS.items()
    }
    return [
        f"""insert into arrived_listen
            select * except (next_ms),
              least(ifNull(next_ms, duration_ms), duration_ms) as listened_ms,
              multiIf(
                next_ms is null or next_ms >= duration_ms or next_ms * 10 >= duration_ms * 9, 'completed',
                next_ms < 30000, 'skipped',
                'partial') as outcome
            from (
              select *, {KEYED}, {SONG_KEY},
                leadInFrame(toNullable(ts)) over (
                  partition by userId, sessionId order by ts, itemInSession
                  rows between unbounded preceding and unbounded following) - ts as next_ms
              from {source["listen"]})""",
        f"insert into arrived_auth select *, {KEYED} from {source['auth']}",
        f"insert into arrived_page_view select *, {KEYED}, {SONG_KEY} from {source['page_view']}",
    ]


def load(lake: str, directory: str, minutes_from: str | None) -> None:
    clickhouse = session.Session(directory)
    statements = [*tables(), "set parallel_view_processing = 1", *insertions(lake), measured()]
    for name in ROLLUPS:
        if minutes_from:
            statements += rollup("minute", name, since=None if name == "totals" else minutes_from)
            statements += rollup("hour", name)
            statements += rollup("day", name, source="hour")
        else:
            statements += rollup("minute", name)
    for statement in statements:
        clickhouse.query(statement)
    clickhouse.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    loading = commands.add_parser("load")
    loading.add_argument("lake")
    loading.add_argument("directory")
    loading.add_argument("--minutes-from")
    commands.add_parser("answers").add_argument("directory")
    arguments = parser.parse_args()
    if arguments.command == "load":
        load(arguments.lake, arguments.directory, arguments.minutes_from)
    else:
        clickhouse = session.Session(arguments.directory)

        def query(sql: str) -> list[tuple]:
            lines = str(clickhouse.query(sql, "JSONCompactEachRow")).splitlines()
            return [tuple(json.loads(line)) for line in lines]

        # The last merge of a dimension may still be to come.
        clickhouse.query("optimize table dim_song final")
        star = answers.star(query)
        tables = [name for (name,) in query("show tables")]
        answers.show({**star, "wrong_rollups": answers.wrong_rollups(query, tables, star)})


if __name__ == "__main__":
    main()
