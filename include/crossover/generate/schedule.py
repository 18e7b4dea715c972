"""Open-loop sending: sends are due at fixed times, whatever the answers take, and a send that is not made is counted.

A closed loop would slow down with the system that it measures and so hide its delays.
"""

import time
from collections.abc import Callable


class Schedule:
    """Due times for `rate` records a second; 0 means as fast as acknowledgements come, and nothing is ever missed.

    A send that nobody could make within `patience_seconds` of its due time is overdue: the caller gives it up. With
    `patience_seconds=None` nothing is given up, only sent late.
    """

    def __init__(
        self,
        rate: float,
        *,
        wait: Callable[[float], object],
        now: Callable[[], float] = time.monotonic,
        patience_seconds: float | None = 1.0,
    ) -> None:
        self.rate, self.patience = rate, patience_seconds
        self._wait, self._now = wait, now
        self._started: float | None = None
        self._scheduled = 0

    def _due(self) -> float:
        if self._started is None:
            self._started = self._now()
        return self._started + self._scheduled / self.rate

    def overdue(self) -> bool:
        """Whether it is too late to make the next send; the first is never late, it starts the clock."""
        if not self.rate or self.patience is None or self._started is None:
            return False
        return self._now() > self._due() + self.patience

    def give_up(self, records: int) -> None:
        """Go on to the send after the next, which would have had this many records."""
        self._scheduled += records

    def wait_for(self, records: int) -> None:
        """Wait until the next send, of this many records, is due; then go on to the one after."""
        if self.rate:
            delay = self._due() - self._now()
            if delay > 0:
                self._wait(delay)
        self._scheduled += records
