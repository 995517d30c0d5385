"""What a question is asked about, and how its answer is made of SQL over the table `event`."""

from dataclasses import dataclass

import duckdb

from answer import Answer, Kind


@dataclass(frozen=True)
class Asked:
    """A bucket, a range of milliseconds since 1970 (the end is exclusive), and the zone in which buckets begin."""

    by: str
    start: int
    end: int
    zone: str = "UTC"
    # Whether only what is loaded is read: by the second always, by the minute where minutes are given up.
    loaded: bool = False

    def where(self, *conditions: str) -> str:
        """The condition that an event is in the range."""
        loaded = ["loaded"] if self.loaded else []
        return " and ".join([f"ts >= {self.start} and ts < {self.end}", *loaded, *conditions])

    @property
    def bucket(self) -> str:
        return self.bucket_of("time")

    def bucket_of(self, time: str) -> str:
        return f"date_trunc('{self.by}', {time})"


def answer(db: duckdb.DuckDBPyConnection, asked: Asked, sql: str, columns: dict[str, Kind], key: tuple[str, ...]) -> Answer:
    """The rows of a statement, whose first column is the bucket."""
    db.execute(f"set TimeZone = '{asked.zone}'")
    names = ", ".join(name if name != "bucket" else "epoch_ms(bucket)" for name in columns)
    rows = db.execute(f"select {names} from ({sql}) order by all").fetchall()
    db.execute("set TimeZone = 'UTC'")
    return Answer(columns, rows, key)
