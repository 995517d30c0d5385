"""The site whose answers are recorded: weeks of history, a load each night, of which the last one brought late events, and some hours that
only the speed layer has."""

import time

from site_under_test import START_SECONDS, Site, wait_for

HOUR = 3600
DAYS = 36
# How long ago, in hours, the events of each load end.
LOADS = [77.4, 53.4, 29.4, 5.4]
# When, in hours ago, the events that come late with the last load happened.
LATE = (14, 12)

COUNTRIES = "US=60,CA=3,GB=3,DE=3,FR=2,ES=1,IT=1,SE=1,PL=1,BR=3,MX=2,AR=1,JP=2,KR=1,IN=3,ID=1,AU=1,ZA=1,NG=1"


def at(hours):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - hours * HOUR))


class RecordedSite(Site):
    countries = COUNTRIES

    def start(self):
        start, late = at(24 * DAYS), [at(hours) for hours in LATE]
        for number, hours in enumerate(LOADS, start=1):
            # One generator, stopped each time, as another one would begin with nobody there.
            self.run(*self.generated, "--from", start, "--to", at(hours))
            if number == 1:
                self.start_server()
            if hours == LOADS[-1]:
                self.run("generate", "--users", "240", "--seed", "5", "--first-user-id", "900000", "--from", late[0], "--to", late[1])
            self.run("load", "full" if number == 1 else "incremental")
            # It ran just now, and says that it ran when its events ended.
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
