"""Every event once, with what it adds to each measure: outcomes of plays, credits of engagement (docs/metrics.md)."""

import duckdb

import crowd
from lake import TOPICS

# Where each topic's partitions ended when something was loaded.
Cut = dict[str, dict[int, int]]

ENGAGEMENT = "'Thumbs Up', 'Thumbs Down', 'Add to Playlist', 'Share', 'Add Friend', 'Roll Advert'"

# A redelivery has the identity of a record before it, which stands.
COUNTED = """
create or replace table {name} as
select * from {name}_membership
where {loaded}
qualify row_number() over (partition by "userId", "sessionId", "itemInSession", ts order by place) = 1"""

PLAYS = """
create or replace table play as
with recording as (
  select *, nullif(round(duration * 1000)::bigint, 0) as duration_ms from listen
),
followed as (
  select *, case when inside then
    lead(ts) over (partition by inside, "userId", "sessionId" order by ts, "itemInSession") - ts
  end as next_ms
  from recording
),
closing as (
  select *, ts + coalesce(duration_ms, 3600000) <= watermark as is_over from followed
)
select * exclude (is_over),
  case
    when not inside then coalesce(duration_ms, 0)
    when next_ms < coalesce(duration_ms, 3600000) then next_ms
    when next_ms is not null or is_over then coalesce(duration_ms, 0)
  end as listened_ms,
  case
    when not inside then if(duration_ms is null, 'partial', 'completed')
    when next_ms < coalesce(duration_ms, 3600000) then
      case
        when next_ms * 10 >= duration_ms * 9 then 'completed'
        when next_ms < 30000 then 'skipped'
        else 'partial'
      end
    when next_ms is not null or is_over then if(duration_ms is null, 'partial', 'completed')
  end as outcome
from closing"""

# The song that an event names: by artist, title and length, or by a track id where it has neither artist nor title.
def named(event: str, ms: str) -> str:
    return f"""case
      when {event}.artist is not null or {event}.song is not null then
        {{{{'artist': {event}.artist, 'title': {event}.song, 'ms': {ms}, 'track': null::varchar}}}}
      when {event}."trackId" is not null then
        {{{{'artist': null::varchar, 'title': null::varchar, 'ms': null::bigint, 'track': {event}."trackId"}}}}
    end"""


# The song that the page view names; else, in the window, that of its session's last play, of at most an hour ago.
CREDITS = f"""
create or replace table credited as
select v.*,
  case
    when v.page not in ({ENGAGEMENT}) or v.page is null then null
    else coalesce({named("v", "nullif(round(v.duration * 1000)::bigint, 0)")},
      if(v.inside and p.ts >= v.ts - 3600000, {named("p", "p.duration_ms")}, null))
  end as credit
from page_view as v
asof left join (
  select *, coalesce("userId", -1) as who from play where inside
  qualify row_number() over (partition by "userId", "sessionId", ts order by "itemInSession" desc) = 1
) as p
  on coalesce(v."userId", -1) = p.who and v."sessionId" = p."sessionId" and v.ts >= p.ts""".format()

COMMON = """
  partition, place, {loaded} as loaded, ts, make_timestamptz(ts * 1000) as time,
  "userId" as user_id, "sessionId" as session_id, "itemInSession" as item,
  level, gender, registration, tag, "userAgent" as agent,
  coalesce(e.country, e.state, e.city, e.zip) is not null as has_place,
  if(coalesce(e.country, e.state, e.city, e.zip) is not null, coalesce(e.country, 'US'), null) as country,
  e.state as state, e.city as city, e.zip as zip"""

EVENTS = """
create or replace table event as
with said as (
  select 'listen' as topic, {common}, {listened} as recording, listened_ms, outcome,
    null::varchar as page, null::bigint as status, null::boolean as success
  from play as e
  union all
  select 'page_view', {common}, credit, null, null, page, status, null
  from credited as e
  union all
  select 'auth', {common}, null, null, null, null, null, success
  from auth as e
)
select said.*, said.recording is not null as has_song,
  if(known.track_id is null, said.recording.artist, known.artists[1]) as artist,
  if(known.track_id is null, said.recording.title, known.title) as title,
  if(known.track_id is null, said.recording.ms, round(known.duration * 1000)::bigint) as duration_ms,
  if(known.track_id is null, genre.genre, known.genre) as genre,
  device.device_type, device.os, device.browser,
  case when country = 'US' then region.region end as region,
  if(user_id is null, null, gender) as user_gender,
  (topic = 'listen')::integer as listens,
  (outcome = 'completed' and outcome is not null)::integer as completed,
  (outcome = 'skipped' and outcome is not null)::integer as skipped,
  (outcome = 'partial' and outcome is not null)::integer as partial,
  (outcome is not null)::integer as ended,
  coalesce(page = 'Thumbs Up', false)::integer as thumbs_up,
  coalesce(page = 'Add to Playlist', false)::integer as playlist_adds,
  coalesce(page = 'Share', false)::integer as shares,
  (topic = 'page_view')::integer as page_views,
  coalesce(status >= 400, false)::integer as errors,
  (topic = 'auth' and coalesce(success, false))::integer as logins,
  (topic = 'auth' and not coalesce(success, false))::integer as failed_logins
from said
left join genre
  on genre.artist is not distinct from said.recording.artist and genre.title is not distinct from said.recording.title
  and genre.duration_ms is not distinct from said.recording.ms
left join catalogue_song as known on known.track_id = said.recording.track
left join device on device.agent is not distinct from said.agent
left join region on region.state = said.state"""


def judge(db: duckdb.DuckDBPyConnection) -> None:
    """The tables listen_membership, auth_membership, page_view_membership: each record, and whether it is in the window."""
    for name in TOPICS:
        places = db.execute(f"select partition, ts, place from {name}_record order by partition, place").fetchall()
        inside, _ = crowd.follow(places)
        outside = [place for place, is_inside in zip(places, inside, strict=True) if not is_inside]
        db.execute(
            f"""
            create or replace table {name}_membership as
            select r.*, o.number is null as inside
            from {name}_record as r
            left join (select unnest(?::bigint[]) as number, unnest(?::bigint[]) as place) as o
              on o.number = r.partition and o.place = r.place""",
            [[number for number, _, _ in outside], [place for _, _, place in outside]],
        )


def below(cut: Cut | None, topic: str) -> str:
    """The condition that a record of the topic was there at the cut."""
    if cut is None:
        return "true"
    ends = [f"partition = {number} and place < {end}" for number, end in cut.get(topic, {}).items()]
    return f"({' or '.join(ends) or 'false'})"


def watermarks(db: duckdb.DuckDBPyConnection, cut: Cut | None) -> dict[int, int]:
    """How far the listens of each partition have come."""
    records = db.execute(
        f"""
        select partition, ts, place from listen_record
        where {below(cut, "listen_events")} order by partition, place"""
    ).fetchall()
    return crowd.follow(records)[1]


def make(db: duckdb.DuckDBPyConnection, upto: Cut | None, cut: Cut | None) -> None:
    """The table event: what was there at `upto` (None: everything), each marked whether it was at `cut`.

    judge and members.make come first.
    """
    for name, topic in TOPICS.items():
        db.execute(COUNTED.format(name=name, loaded=below(upto, topic)))
    marks = " ".join(f"when {number} then {mark}" for number, mark in watermarks(db, upto).items())
    db.execute("alter table listen add column watermark bigint")
    if marks:
        db.execute(f"update listen set watermark = case partition {marks} end")
    db.execute(PLAYS)
    db.execute(CREDITS)
    statement = EVENTS.replace("{listened}", named("e", "e.duration_ms").format())
    for topic in ("listen_events", "page_view_events", "auth_events"):
        common = COMMON.format(loaded=below(cut, topic))
        statement = statement.replace("{common}", common, 1)
    db.execute(statement)
