"""What the generator does not do and the definitions speak of: lines written by hand, with times before a given now."""

import json
from typing import Any

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Beyond the users of any run.
FIRST_USER = 900_001
CROWD = 420

Lines = dict[str, list[str]]
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


class Person:
    """Somebody, or a guest, with a session."""

    def __init__(self, number: int | None, **fields: Any) -> None:
        self.session = (number or 990_000) * 2**21 + 1
        who = {} if number is None else {"userId": number, "firstName": "Odd", "lastName": f"No{number}"}
        self.fields = who | fields
        self.item = 0

    def event(self, ts: int, **fields: Any) -> str:
        self.item += 1
        record = {"ts": ts, "sessionId": self.session, "itemInSession": self.item} | self.fields | fields
        return json.dumps({name: part for name, part in record.items() if part is not None}, ensure_ascii=False)


def song(artist: str | None, title: str | None, seconds: float | None) -> dict[str, Any]:
    return {"artist": artist, "song": title, "duration": seconds, "auth": "Logged In"}


def early(at: int) -> Lines:
    """In time: plays of every outcome, songs without a name, a length or a genre, guests, plans that change."""
    lines: Lines = {"listen_events": [], "page_view_events": [], "auth_events": []}
    listens, views, auths = lines["listen_events"], lines["page_view_events"], lines["auth_events"]
    home = {"level": "free", "userAgent": AGENT, "city": "Fargo", "state": "ND", "zip": "58102"}
    odd = Person(FIRST_USER, gender="F", registration=at - 9 * DAY, **home)
    unknown = song("Nobody Knows", "Unheard", 200.0)
    gaps = [10, 29.999, 30, 150, 180, 250, 12]
    ts = at
    for gap in gaps:
        listens.append(odd.event(ts, **unknown))
        ts += int(gap * 1000)
    # No song, then a song without a length that the next one ends, and one that nothing ends.
    listens.append(odd.event(ts, **song(None, None, 100.0)))
    listens.append(odd.event(ts + 20_000, **song("Nobody Knows", "Endless", None)))
    listens.append(odd.event(ts + 60_000, **song("Nobody Knows", "Endless", None)))
    ts += 130_000
    for track in ("odd1", "none such"):
        listens.append(odd.event(ts, **song("Odd Pair", f"Live, {track}", 95.0), trackId=track))
        ts += 96_000
    # By a track id alone: one that the catalogue knows, in two lengths, and one that it does not.
    by_id = {"artist": None, "song": None, "auth": "Logged In"}
    for track, seconds in (("odd1", 90.0), ("odd1", 91.0), ("unheard of", 80.0)):
        listens.append(odd.event(ts, **by_id, duration=seconds, trackId=track))
        views.append(odd.event(ts + 10_000, page="Thumbs Up", method="PUT", status=200, auth="Logged In"))
        ts += 93_000
    # Likes and shares without a song: of the last play, of nothing.
    page = {"method": "PUT", "status": 200, "auth": "Logged In"}
    views.append(odd.event(at + 5_000, page="Thumbs Up", **page))
    views.append(odd.event(at + 70_000, page="Share", **page))
    alone = Person(FIRST_USER + 1, gender=None, registration=at - 20 * DAY, **home)
    views.append(alone.event(at + 6_000, page="Share", **page))
    views.append(alone.event(at + 7_000, page="Thumbs Up", **page))
    views.append(alone.event(at + 8_000, page="Error", method="GET", status=500, auth="Logged In"))
    # Guests, with a place and without, who name neither plan nor device.
    guest = Person(None, city="Toronto", country="CA", state="ON")
    nobody = Person(None)
    nobody.session += 1
    for number in range(3):
        listens.append(guest.event(at + number * 100_000, **song("Nobody Knows", "Unheard", 200.0) | {"auth": "Guest"}))
        listens.append(nobody.event(at + number * 90_000, **song("Solo", 'Ágætis "quoted", with comma', 60.25)))
    # What names no song is no song, however often it is played.
    for number in range(30):
        listens.append(nobody.event(at + (10 + number) * 20_000, **song(None, None, 240.0)))
    # Free, paid, free again.
    for number, level in enumerate(["free", "free", "paid", "paid", "free"]):
        fields = home | {"level": level}
        turn = Person(FIRST_USER + 2, gender="M", registration=at - 3 * DAY, **fields)
        turn.item = 10 * number
        auths.append(turn.event(at + number * 70_000, success=True))
        listens.append(turn.event(at + number * 70_000 + 1_000, **unknown))
    auths.append(Person(None, **home).event(at, success=False))
    return lines


def catalogue() -> Lines:
    """A song that events name by its id, under another title than they have."""
    record = {"trackId": "odd1", "artists": ["Odd Pair", "Second"], "title": "Known By Id", "genre": "oddcore", "duration": 90}
    return {"songs": [json.dumps(record)], "users": []}


def broken() -> list[str]:
    """Lines that are no event: they go to quarantine, and count nowhere."""
    return [
        "no json at all",
        '{"ts":1767225600000,"sessionId":1,',
        '{"ts":"yesterday","sessionId":1,"itemInSession":0,"userId":1}',
        '{"sessionId":1,"itemInSession":0,"userId":1}',
        '{"ts":5,"sessionId":1,"itemInSession":0,"userId":1}',
    ]


def late(at: int, now: int) -> Lines:
    """Hours and days late, again and again, and a song that everybody plays of a sudden."""
    hit = song("Sudden & Sons", "Hit", 180.0)
    crowd = [Person(FIRST_USER + 10 + number, level="paid", gender="F", state="ND", city="Fargo") for number in range(5)]
    listens = [
        person.event(now // HOUR * HOUR - 3 * HOUR + number * 200_000, **hit)
        for number in range(4) for person in crowd
    ]  # fmt: skip
    # Many who listen to something once: more than a sketch counts exactly.
    listens += [
        Person(FIRST_USER + 1000 + number, level="free", gender="M").event(
            now // DAY * DAY - 3 * DAY + number * 1_000, **song("Nobody Knows", f"Part {number}", 300.0)
        )
        for number in range(CROWD)
    ]
    again = early(at)
    # A redelivery is one whatever else it says.
    listens += [line.replace("Unheard", "Heard twice") for line in again["listen_events"][:6]]
    old = Person(FIRST_USER, level="free", gender="F")
    old.session += 7
    views = [again["page_view_events"][0], old.event(at - 20 * DAY, page="Share", method="PUT", status=200)]
    listens += [old.event(at - 20 * DAY, **hit), old.event(at - 20 * DAY + 5_000, **hit)]
    return {"listen_events": listens, "page_view_events": views, "auth_events": again["auth_events"][:1]}
