"""The site whose answers are recorded: weeks of history, two loads, of which the second one brought late events, and some hours that only the
speed layer has."""

import time

from site_under_test import START_SECONDS, Site, wait_for

HOUR = 3600
DAYS = 36
# How long ago, in hours, the events of each load end.
FIRST, SECOND = 29, 5.4
# When, in hours ago, the events that come late happened.
LATE = (14, 12)


def at(hours):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - hours * HOUR))


class RecordedSite(Site):
    def start(self):
        start, late = at(24 * DAYS), [at(hours) for hours in LATE]
        # One generator, stopped twice, as another one would begin with nobody there.
        self.run(*self.generated, "--from", start, "--to", at(FIRST))
        self.begin("serve", "serve", "--listen", self.address.removeprefix("http://"))
        wait_for("the server", lambda: self.answers("/healthz"), START_SECONDS)
        self.run("load", "full")
        self.run(*self.generated, "--from", start, "--to", at(SECOND))
        self.run("generate", "--users", "240", "--seed", "5", "--first-user-id", "900000", "--from", late[0], "--to", late[1])
        self.run("load", "incremental")
        # The loads ran just now, and say that they ran when their events ended.
        for number, hours in [(1, FIRST), (2, SECOND)]:
            self.run("sql", "--write", f"update warehouse.load_run set started_at = timestamptz '{at(hours)}', finished_at = timestamptz '{at(hours)}' + (finished_at - started_at) where load_run_id = {number}")
        self.begin("generate", *self.generated, "--from", start, "--continuous")
        self.wait_for_history()
        self.begin("speed", "speed")
        wait_for("both layers", lambda: (self.ask("/readyz") or {}).get("speed_age_seconds") is not None, START_SECONDS)
        wait_for("the newest minute", self.is_there, START_SECONDS)
        return self

    def is_there(self):
        """Whether the speed layer has come to the present."""
        rows = self.rows(metrics="listens", granularity="minute", **{"from": "-5m"})
        return len(rows) >= 4
