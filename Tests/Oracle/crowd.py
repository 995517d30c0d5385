"""Which records are in the window of their partition, and how far its event time has come.

This is the rule "A wild clock is not a majority" of docs/metrics.md, record by record: the window has what is not
behind the watermark and at most a day ahead of the greatest time that the crowd has reached.
"""

from collections import deque
from collections.abc import Iterable

MINUTE = 60_000
DAY = 86_400_000
LATENESS = 10 * MINUTE
CROWD = 64
# From so many records of the crowd on its pace is known: how far the lower eighth is from the median.
PACED = 32
PACES = 8
LEAST_REACH = 5 * MINUTE
# After so many records place and pace are taken anew.
LOOKS = 32
# So many records make a first greatest, however far they lie apart.
ALONE = 8


class Partition:
    """The event time of one partition of one topic."""

    def __init__(self) -> None:
        # The last records that were not more than a day behind when they came.
        self.crowd: deque[int] = deque(maxlen=CROWD)
        self.greatest: int | None = None
        self.bound = 0
        self.since_looked = 0

    @property
    def watermark(self) -> int | None:
        return None if self.greatest is None else self.greatest - LATENESS

    def take(self, ts: int) -> bool:
        """Takes the next record: whether it is in the window, as that was before the record."""
        greatest = self.greatest
        is_inside = greatest is None or greatest - LATENESS <= ts <= greatest + DAY
        if greatest is not None and ts < greatest - DAY:
            return is_inside
        self.crowd.append(ts)
        self.since_looked += 1
        if greatest is None:
            self.begin()
        elif ts > self.bound or self.since_looked == LOOKS:
            self.look_around(greatest)
        elif ts > greatest:
            self.greatest = ts
        return is_inside

    def begin(self) -> None:
        """The first greatest: of two records within a day of each other and of the median, or of eight that are not."""
        crowd = sorted(self.crowd)
        median = crowd[(len(crowd) - 1) // 2]
        near = [ts for ts in crowd if abs(ts - median) <= DAY]
        if len(near) >= 2 or len(crowd) >= ALONE:
            self.look_around(median)

    def look_around(self, greatest: int) -> None:
        """Takes the crowd's place and pace anew; the greatest is then the greatest of the crowd within the new bound."""
        crowd = sorted(self.crowd)
        median = crowd[(len(crowd) - 1) // 2]
        self.bound = max(greatest, median) + DAY
        if len(crowd) >= PACED:
            pace = median - crowd[(len(crowd) - 1) // 8]
            self.bound = min(self.bound, median + max(PACES * pace, LEAST_REACH))
        self.greatest = max([greatest, median, *(ts for ts in crowd if ts <= self.bound)])
        self.since_looked = 0


def follow(records: Iterable[tuple[int, int, int]]) -> tuple[list[bool], dict[int, int]]:
    """The records' (partition, ts, offset) in the order of their offsets: whether each is in the window, and the watermarks."""
    partitions: dict[int, Partition] = {}
    inside = []
    for number, ts, _ in records:
        inside.append(partitions.setdefault(number, Partition()).take(ts))
    marks = {number: p.watermark for number, p in partitions.items() if p.watermark is not None}
    return inside, marks
