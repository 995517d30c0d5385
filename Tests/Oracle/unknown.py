"""How what is not known reads. It is said here, and nowhere else in the oracle."""

# The text attributes of a dimension's unknown member, which events belong to that name no song, place or device.
MEMBER = "Unknown"

# A genre that no record of the catalogue says, in questions and marts.
GENRE = "Unknown"

# The same in the tables of dashboards (docs/dashboards.md), of songs that have a name.
DASHBOARD_GENRE: str | None = None

# A device, a country or a state that an event does not say, in questions.
PLACE_OR_DEVICE = "Unknown"

# A gender or a plan that an event does not say: these texts are keys of a rollup (docs/keys.md).
AUDIENCE = "unknown"


def sql(text: str | None) -> str:
    """The text as a literal of SQL."""
    return "null::varchar" if text is None else f"'{text}'"


def member(has: str, attribute: str) -> str:
    """A dimension's attribute in SQL: that of the unknown member where the condition `has` does not hold."""
    return f"if({has}, {attribute}, {sql(MEMBER)})"
