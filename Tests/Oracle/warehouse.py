"""The system under test: the release binary over a data directory of its own, asked from outside."""

import os
import subprocess
from pathlib import Path

from compare import Row, rows_of_text

ROOT = Path(__file__).resolve().parents[2]


class Warehouse:
    """A data directory with its private PostgreSQL, which a server of the binary keeps up until it is closed."""

    def __init__(self, binary: Path, data: Path) -> None:
        self.binary = binary
        self.data = data
        self.keeper: subprocess.Popen | None = None

    @property
    def log(self) -> Path:
        return self.data / "log"

    def run(self, *arguments: str) -> str:
        """What a command prints. Ends the oracle where the command fails."""
        return output([str(self.binary), *arguments])

    def in_data(self, *arguments: str) -> str:
        return self.run(*arguments, "--data", str(self.data))

    def keep(self) -> None:
        """Keeps PostgreSQL running between the commands: a server does, from when it says where it is."""
        self.keeper = subprocess.Popen(
            [str(self.binary), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.keeper.stderr
        said = self.keeper.stderr.readline()
        if not said.startswith("serving "):
            raise SystemExit(f"oracle: polyrhythm serve did not start: {said}")

    def close(self) -> None:
        if self.keeper:
            self.keeper.terminate()
            self.keeper.wait(60)

    def ask(self, question: str, *arguments: str) -> list[Row]:
        return rows_of_text(self.in_data("ask", question, "--csv", *arguments))

    def sql(self, query: str) -> list[Row]:
        return rows_of_text(self.in_data("sql", "--csv", query))

    def psql(self, script: str) -> list[str]:
        """What each statement of a script prints as CSV with a header, as the role analyst has it, in UTC."""
        place = self.data / "postgres"
        environment = os.environ | {
            "PGPASSWORD": (place / "analyst.password").read_text().strip(), "PGTZ": "UTC", "PGDATABASE": "polyrhythm",
            "PGHOST": "127.0.0.1", "PGPORT": (place / "port").read_text().strip(), "PGUSER": "analyst",
        }  # fmt: skip
        text = output(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--csv", "-f", "-"], script, environment)
        return text.split("--\n")[1:]


def output(command: list[str], given: str | None = None, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, input=given, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"oracle: {' '.join(command)} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    return done.stdout
