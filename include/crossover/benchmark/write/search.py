"""The highest rate that holds: doubling until a rate fails, then bisection on a logarithmic scale, then a proof.

Pure: what a rate is tried on is the caller's. A trial is noisy, so one pass proves little and one failure may be a
hiccup: the answer must pass `proofs` times, and once the bracket is closed the search looks once above the rate that
failed. A rate that has failed in any trial is never the answer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Where to look, in records a second. `precision` is the ratio of failed to passed rate at which to stop (> 1).

    `proofs` is how often the answer must have passed; `tries` bounds all trials together.
    """

    start: float
    lowest: float
    highest: float
    precision: float = 1.15
    proofs: int = 2
    tries: int = 12


@dataclass(frozen=True)
class Found:
    """The highest rate that passed each of its trials, None if none did; `proven` = it passed as often as was asked.

    `failed_at` is the lowest rate that failed above it, None if none did.
    """

    rate: float | None
    proven: bool
    failed_at: float | None
    tries: int


class _Search:
    def __init__(self, bounds: Bounds, attempt: Callable[[float], bool | None]) -> None:
        self.bounds, self._attempt = bounds, attempt
        self.passes: dict[float, int] = {}
        self.failed: set[float] = set()
        # A failure that a later pass above it has shown to be a hiccup bounds nothing any more.
        self.hiccups: set[float] = set()
        self.tries = 0
        self.stopped = False
        self.looked_above = False

    @property
    def ceiling(self) -> float | None:
        return min(self.failed - self.hiccups, default=None)

    @property
    def best(self) -> float | None:
        ceiling = self.ceiling or math.inf
        return max((rate for rate in self.passes if rate not in self.failed and rate < ceiling), default=None)

    def try_rate(self, rate: float) -> bool:
        self.tries += 1
        passed = self._attempt(rate)
        if passed is None:
            self.stopped = True
            return False
        if passed:
            self.passes[rate] = self.passes.get(rate, 0) + 1
        else:
            self.failed.add(rate)
            self.hiccups.discard(rate)
        return passed

    def next_rate(self) -> float | None:
        """What to try next; None when the answer is found or nothing is left to try."""
        bounds, best, ceiling = self.bounds, self.best, self.ceiling
        if best is None and ceiling is None:
            return bounds.start
        if best is None:
            assert ceiling is not None
            return max(ceiling / 2, bounds.lowest) if ceiling > bounds.lowest else None
        if ceiling is None:
            return min(best * 2, bounds.highest) if best < bounds.highest else self._proof(best)
        if ceiling / best > bounds.precision:
            return math.sqrt(best * ceiling)
        return self._proof(best)

    def _proof(self, best: float) -> float | None:
        return best if self.passes[best] < self.bounds.proofs else None

    def look_above(self) -> None:
        """Try once what lies above the failure that closed the bracket; a pass there shows that it was a hiccup."""
        self.looked_above = True
        ceiling = self.ceiling
        if ceiling is None or ceiling >= self.bounds.highest:
            return
        above = min(ceiling * self.bounds.precision, self.bounds.highest)
        if above not in self.failed and self.try_rate(above):
            self.hiccups |= {rate for rate in self.failed if rate < above}


def search(bounds: Bounds, attempt: Callable[[float], bool | None]) -> Found:
    """The highest rate for which `attempt` returns True; it returns None when the search is to be given up."""
    looking = _Search(bounds, attempt)
    while looking.tries < bounds.tries and not looking.stopped:
        rate = looking.next_rate()
        if rate is not None:
            looking.try_rate(rate)
        elif looking.looked_above or looking.best is None:
            break
        else:
            looking.look_above()
    best = looking.best
    proven = best is not None and looking.passes[best] >= bounds.proofs
    return Found(best, proven, looking.ceiling, looking.tries)
