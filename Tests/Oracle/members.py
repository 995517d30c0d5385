"""Who and what events are about: songs and their genres, devices, places. From docs/events.md and docs/keys.md."""

import duckdb

# The regions of the United States as the Census Bureau has them.
REGIONS = {
    "Northeast": "CT ME MA NH RI VT NJ NY PA",
    "Midwest": "IL IN MI OH WI IA KS MN MO NE ND SD",
    "South": "DE DC FL GA MD NC SC VA WV AL KY MS TN AR LA OK TX",
    "West": "AZ CO ID MT NV NM UT WY AK CA HI OR WA",
}

# A browser that claims to be another stands before that one.
BROWSERS = [
    ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ("Trident/", "Internet Explorer"),
]  # fmt: skip
SYSTEMS = [
    ("iPad", "iPadOS"), ("iPhone", "iOS"), ("Android", "Android"), ("Windows NT", "Windows"), ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"), ("Linux", "Linux"),
]  # fmt: skip


def device(agent: str | None) -> tuple[str | None, str | None, str | None]:
    """Type, system and browser of a user agent of the generator's."""
    if agent is None:
        return None, None, None
    if not agent.strip('"').startswith("Mozilla/5.0 ("):
        raise SystemExit(f"oracle: does not know the user agent {agent}; teach Tests/Oracle/members.py")
    system = next(name for token, name in SYSTEMS if token in agent)
    browser = next(name for token, name in BROWSERS if token in agent)
    if system == "iPadOS" or (system == "Android" and "Mobile" not in agent):
        return "tablet", system, browser
    return ("mobile" if system in ("iOS", "Android") else "desktop"), system, browser


def make_devices(db: duckdb.DuckDBPyConnection) -> None:
    """The table device: type, system and browser of each user agent."""
    agents = db.execute(
        'select distinct "userAgent" from (select "userAgent" from listen_record union all '
        'select "userAgent" from auth_record union all select "userAgent" from page_view_record)'
    ).fetchall()
    db.execute("create or replace table device (agent varchar, device_type varchar, os varchar, browser varchar)")
    db.executemany("insert into device values (?, ?, ?, ?)", [(agent, *device(agent)) for (agent,) in agents])


def make_regions(db: duckdb.DuckDBPyConnection) -> None:
    """The table region: the region of each state of the United States."""
    db.execute("create or replace table region (state varchar, region varchar)")
    rows = [(state, name) for name, states in REGIONS.items() for state in states.split()]
    db.executemany("insert into region values (?, ?)", rows)


# The catalogue's song that a recording is: the one that events name, the least id of several; else that of title and artist,
# the first artist or all of them; where several are, the nearest in length, within a second.
GENRES = """
create or replace table genre as
select s.artist, s.title, s.duration_ms, if(c.track_id is null, s.genre, c.genre) as genre
from (
  select s.artist, s.title, s.duration_ms, s.track_id,
    case when several = 1 or is_near then s.genre end as genre
  from (
    select s.artist, s.title, s.duration_ms, s.track_id, c.genre,
      row_number() over (
        partition by s.artist, s.title, s.duration_ms order by abs(c.duration * 1000 - s.duration_ms), c.track_id
      ) as place,
      count(*) over (partition by s.artist, s.title, s.duration_ms) as several,
      abs(c.duration * 1000 - s.duration_ms) <= 1000 as is_near
    from (
      select artist, title, duration_ms, min(track_id) as track_id from song_of_events group by 1, 2, 3
    ) as s
    left join catalogue_song as c
      on c.title = s.title
      and s.artist in (
        c.artists[1], array_to_string(c.artists, ';'), array_to_string(c.artists, '; '),
        array_to_string(c.artists, ','), array_to_string(c.artists, ', ')
      )
  ) as s
  where place = 1
) as s
left join catalogue_song as c on c.track_id = s.track_id"""

SONGS = """
create or replace view song_of_events as
select artist, song as title, nullif(round(duration * 1000)::bigint, 0) as duration_ms, "trackId" as track_id
from listen_record where artist is not null or song is not null
union
select artist, song, nullif(round(duration * 1000)::bigint, 0), "trackId"
from page_view_record where artist is not null or song is not null"""


def make(db: duckdb.DuckDBPyConnection) -> None:
    """All of them, from the tables of lake.read."""
    make_devices(db)
    make_regions(db)
    db.execute(SONGS)
    db.execute(GENRES)
