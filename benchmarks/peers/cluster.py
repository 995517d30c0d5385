"""A PostgreSQL for one comparison: the private cluster that Polyrhythm makes, with Polyrhythm's settings for it.

Everybody who writes to PostgreSQL writes to this one, each into a database of its own. It runs for as long as
the comparison, so that nobody's time has its start or its stop in it.
"""

import csv
import io
import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from process import output_of, timed

# Who the peers are in PostgreSQL. Over TCP, for that is all that JDBC can do.
PEER = "peers"


class Cluster:
    def __init__(self, data: Path) -> None:
        """The cluster below a data directory of Polyrhythm, which has been used once."""
        # Where user postgres cannot reach the directory, the cluster is elsewhere and linked to.
        self.directory = (data / "postgres" / "data").resolve()
        self.version = (self.directory / "PG_VERSION").read_text().strip()
        self.password = secrets.token_hex(16)

    def as_owner(self, command: list) -> list:
        """The command, as the owner of the cluster, which is `postgres` when we are root."""
        if os.geteuid() != 0:
            return command
        return ["runuser", "-u", pwd.getpwuid(self.directory.stat().st_uid).pw_name, "--", *command]

    def program(self, name: str) -> Path:
        return Path(f"/usr/lib/postgresql/{self.version}/bin/{name}")

    @contextmanager
    def running(self) -> Iterator[None]:
        control = [self.program("pg_ctl"), "-D", self.directory, "-w"]
        with (self.directory / "pg_hba.conf").open("a") as file:
            file.write(f"host all {PEER} 127.0.0.1/32 scram-sha-256\n")
        # To a file, as a server that is started into a pipe keeps it open.
        timed(
            "start PostgreSQL",
            self.as_owner([*control, "-l", self.directory / "compare.log", "start"]),
            Path(os.devnull),
        )
        try:
            postmaster = (self.directory / "postmaster.pid").read_text().splitlines()
            self.port, self.socket = postmaster[3], postmaster[4]
            self.execute("postgres", f"create role {PEER} login password '{self.password}'")
            yield
        finally:
            output_of(self.as_owner([*control, "-m", "fast", "stop"]), cwd="/")

    def url(self, database: str) -> str:
        """For Polyrhythm, over the socket."""
        return f"postgresql:///{database}?host={self.socket}&port={self.port}&user=polyrhythm"

    def jdbc(self, database: str) -> dict[str, str]:
        """What Spark's scripts take from the environment."""
        return {
            "SPARK_JDBC_URL": f"jdbc:postgresql://127.0.0.1:{self.port}/{database}",
            "SPARK_JDBC_USER": PEER,
            "SPARK_JDBC_PASSWORD": self.password,
        }

    def psql(self, database: str) -> list:
        """psql as superuser, to which -c and others are added."""
        command = [self.program("psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-h", self.socket, "-p", self.port]
        return self.as_owner([*command, "-U", "polyrhythm", "-d", database])

    def execute(self, database: str, *statements: str) -> None:
        output_of([*self.psql(database), *(word for sql in statements for word in ("-c", sql))], cwd="/")

    def query(self, database: str, sql: str) -> list[tuple]:
        return read_csv(output_of([*self.psql(database), "--csv", "-c", sql], cwd="/"))

    def make_database(self, name: str) -> None:
        """An empty one, which the peers may fill. What others wrote is written out before."""
        self.execute("postgres", f"create database {name}", f"alter database {name} owner to polyrhythm")
        self.execute(name, f"grant all on schema public to {PEER}", "checkpoint")

    def drop_database(self, name: str) -> None:
        self.execute("postgres", f"drop database if exists {name}")

    def cpu_seconds(self) -> float:
        """What the server and its processes, ended ones too, have taken of the processors so far."""
        # A backend whose client has just gone is still there for a moment, which makes no difference.
        postmaster = int((self.directory / "postmaster.pid").read_text().splitlines()[0])
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                # The name, in parentheses, may have spaces in it. Behind it are the state and the parent.
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            user, system, ended_user, ended_system = (int(field) for field in fields[11:15])
            if stat.parent.name == str(postmaster):
                ticks += user + system + ended_user + ended_system
            elif fields[1] == str(postmaster):
                ticks += user + system
        return ticks / os.sysconf("SC_CLK_TCK")

    def size(self, database: str) -> int:
        """Bytes on the disk, its log aside."""
        return int(self.query("postgres", f"select pg_database_size('{database}')")[0][0])


def read_csv(text: str) -> list[tuple]:
    """The rows of CSV with a header."""
    return [tuple(row) for row in csv.reader(io.StringIO(text))][1:]
