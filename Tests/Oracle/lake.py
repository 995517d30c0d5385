"""The lake as DuckDB reads it: the lines of its files, and the events and the catalogue that they say.

Written from docs/log-format.md, docs/events.md and the table of plausible values in docs/metrics.md.
"""

from pathlib import Path

import duckdb

TOPICS = {"listen": "listen_events", "auth": "auth_events", "page_view": "page_view_events"}

# Every line with its place. An empty one is an offset without a record.
LINES = """
create or replace table {name}_line as
select partition, base + number - min(number) over (partition by file) as place, line
from (
  select filename as file, line, row_number() over () as number,
    regexp_extract(filename, '/(\\d+)/(\\d{{20}})\\.ndjson', 1)::integer as partition,
    regexp_extract(filename, '/(\\d+)/(\\d{{20}})\\.ndjson', 2)::bigint as base
  from read_csv({files}, columns = {{'line': 'VARCHAR'}}, delim = '\\0', quote = '', escape = '',
    header = false, auto_detect = false, filename = true)
)
qualify line is not null"""

NO_LINES = """
create or replace table {name}_line as
select 0::integer as partition, 0::bigint as place, '' as line where false"""

# Payloads that could not be a line, as they were.
UNWRAPPED = """
update {name}_line set line = from_base64(line ->> '$."$raw"')::varchar where starts_with(line, '{{"$raw":"')"""

TEXTS = "level userAgent city state zip country firstName lastName gender auth artist song page method tag trackId".split()
INTEGERS = "ts sessionId itemInSession registration status userId".split()
NUMBERS = "lon lat duration".split()
QUOTE = "'"
NAMES = [*TEXTS, *INTEGERS, *NUMBERS, "success", "track_id"]

# Each line is parsed once, into the texts of its fields. null, "" and an absent field are the same, and a user's id may be a
# string.
PATHS = "[" + ", ".join(f"'$.{name}'" for name in NAMES) + "]"
FIELDS = ",\n  ".join(
    f'{cast.format(f"nullif(field[{NAMES.index(name) + 1}], {QUOTE * 2})")} as "{name}"'
    for names, cast in (
        (TEXTS, "{}"), (INTEGERS, "try_cast({} as bigint)"), (NUMBERS, "try_cast({} as double)"),
        (["success"], "try_cast({} as boolean)"),
    )
    for name in names
)  # fmt: skip

SONG_TEXTS = ["artist", "song"]
AGENT = ["userAgent"]
PLAUSIBLE = " and ".join(
    [
        "ts between epoch_ms(timestamp '2000-01-01') and epoch_ms(timestamp '2100-01-01') - 1",
        '"sessionId" is not null and "itemInSession" between 0 and 2147483647',
        "coalesce(registration between epoch_ms(timestamp '1900-01-01') and epoch_ms(timestamp '2100-01-01') - 1, true)",
        "coalesce(status between 0 and 999, true)",
        "coalesce(lon between -180 and 180, true) and coalesce(lat between -90 and 90, true)",
        "coalesce(duration between 0 and 1000000, true)",
    ]
    + [f'coalesce(strlen("{name}") <= {2048 if name in AGENT else 1024 if name in SONG_TEXTS else 256}, true)' for name in TEXTS]
)

# The id of a song has two names.
TRACK = f"nullif(field[{NAMES.index('trackId') + 1}], {QUOTE * 2})"
OTHER_TRACK = f"coalesce({TRACK}, nullif(field[{NAMES.index('track_id') + 1}], {QUOTE * 2}))"

# In a table of their own: a view would be taken apart once for each field that is asked of it.
TEXTS_OF_LINES = f"""
create or replace table {{name}}_text as
select partition, place, json_extract_string(line, {PATHS}) as field from {{name}}_line where json_valid(line)"""

EVENTS = f"""
create or replace table {{name}}_record as
select * from (
  select partition, place,
  {FIELDS.replace(TRACK, OTHER_TRACK)}
  from {{name}}_text
)
where {PLAUSIBLE}"""

CATALOGUE_SONGS = """
create or replace table catalogue_song as
select
  coalesce(json ->> 'trackId', json ->> 'track_id') as track_id,
  case json_type(json, '$.artists')
    when 'ARRAY' then from_json(json -> 'artists', '["VARCHAR"]')
    else list_transform(string_split(json ->> 'artists', ';'), x -> trim(x))
  end as artists,
  coalesce(json ->> 'title', json ->> 'track_name') as title,
  nullif(coalesce(json ->> 'genre', json ->> 'track_genre'), '') as genre,
  coalesce(
    try_cast(json ->> 'duration' as double),
    coalesce(try_cast(json ->> 'durationMs' as double), try_cast(json ->> 'duration_ms' as double)) / 1000
  ) as duration
from (select *, line::json as json from songs_line where json_valid(line))
qualify row_number() over (partition by track_id order by place desc) = 1"""


def files(lake: Path, topic: str) -> list[str]:
    """The segments of a topic. While one is being compressed both its files are there, with the same records."""
    if list(lake.glob(f"{topic}/*/*.gap")):
        raise SystemExit(f"oracle: {lake}/{topic} has gaps, which the oracle does not read")
    segments: dict[str, str] = {}
    for path in sorted(lake.glob(f"{topic}/*/[0-9]*.ndjson*")):
        segments[str(path).removesuffix(".zst")] = str(path)
    return list(segments.values())


def read_lines(db: duckdb.DuckDBPyConnection, lake: Path, topic: str, name: str) -> None:
    found = files(lake, topic)
    db.execute((LINES if found else NO_LINES).format(name=name, files=found))
    db.execute(UNWRAPPED.format(name=name))


def read(lake: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory with the tables listen_record, auth_record, page_view_record and catalogue_song."""
    db = duckdb.connect()
    db.execute(f"set TimeZone = 'UTC'; set threads = {threads}")
    for name, topic in TOPICS.items():
        read_lines(db, lake, topic, name)
        db.execute(TEXTS_OF_LINES.format(name=name))
        db.execute(EVENTS.format(name=name))
        db.execute(f"drop table {name}_line; drop table {name}_text")
    read_lines(db, lake, "songs", "songs")
    db.execute(CATALOGUE_SONGS)
    return db
