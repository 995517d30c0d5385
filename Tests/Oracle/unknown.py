"""How what is not known reads. It is said here, and nowhere else in the oracle."""

# The text attributes of a dimension's unknown member: of guests, of events that name no song, place or device.
MEMBER: str | None = None

# A genre that no record of the catalogue says, in questions and marts.
GENRE = "Unknown"

# The same in the tables of dashboards (docs/dashboards.md).
DASHBOARD_GENRE: str | None = None

# A device, a state or a gender that an event does not say, in questions.
ATTRIBUTE = "unknown"


def sql(text: str | None) -> str:
    """The text as a literal of SQL."""
    return "null::varchar" if text is None else f"'{text}'"
