"""What all synthetic records of one run share: the span of event time, its daily rhythm, and when services go bad.

Everything follows from the seed; nothing here depends on batch size, shard or wall clock.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossover.errors import BadSetting
from crossover.generate.catalogue import SERVICES
from crossover.records import Kind

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
MINUTES_A_DAY = 1440

# A bad service fails this many times as often as a calm one, and answers this many times as slowly.
INCIDENT_ERROR_FACTOR = 10.0
INCIDENT_SLOWDOWN = 6.0
INCIDENTS_A_DAY = 0.7
FATAL_SHARE_OF_ERRORS = 0.04

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Knobs:
    """Shares of records, each 0..1: `error_rate` counts ERROR and FATAL; the others make trouble on purpose."""

    error_rate: float = 0.05
    late_rate: float = 0.0
    duplicate_rate: float = 0.0
    broken_rate: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value <= 1:
                raise BadSetting(f"{name.replace('_', '-')} {value}: must be from 0 to 1")


@dataclass(frozen=True)
class World:
    """The plan of a run. Build it with `make_world`.

    `cumulative[m]` is the share of records before minute m of the span; `incidents[s, m]` tells whether service s is
    bad in minute m; the two error rates average to the knob's over the span.
    """

    seed: int
    shard: int
    start_us: int
    knobs: Knobs
    cumulative: Floats
    incidents: NDArray[np.bool_]
    calm_error_rate: float
    incident_error_rate: float

    @property
    def minutes(self) -> int:
        """Length of the span."""
        return len(self.cumulative) - 1

    def random(self, kind: Kind, block: int) -> np.random.Generator:
        """The random numbers of one block: the same for the same seed, shard, kind and block, whatever came before."""
        return np.random.Generator(np.random.SFC64([self.seed, self.shard, list(Kind).index(kind), block]))

    def timestamps(self, rng: np.random.Generator, first: int, count: int, total: int) -> Integers:
        """Event times (microseconds since epoch, ascending) of records first .. first + count of `total`."""
        share = (first + np.arange(count) + rng.random(count)) / total
        minute = np.interp(share, self.cumulative, np.arange(self.minutes + 1))
        return self.start_us + (minute * MINUTE_US).astype(np.int64)

    def make_late(self, rng: np.random.Generator, timestamps: Integers) -> Integers:
        """Move the knob's share of timestamps 1 to 12 hours back."""
        if not self.knobs.late_rate:
            return timestamps
        hours = rng.integers(1, 13, len(timestamps)) * (rng.random(len(timestamps)) < self.knobs.late_rate)
        return timestamps - hours * 60 * MINUTE_US

    def in_incident(self, services: NDArray[np.intp], timestamps: Integers) -> NDArray[np.bool_]:
        """Which records fall into a bad time of their service; outside the span the pattern repeats."""
        minute = (timestamps - self.start_us) // MINUTE_US % self.minutes
        bad: NDArray[np.bool_] = self.incidents[services, minute]
        return bad


def make_world(seed: int, *, start_us: int, days: int, knobs: Knobs, shard: int = 0) -> World:
    """Plan a run over `days` days from `start_us` (microseconds since epoch, a UTC midnight)."""
    minutes = days * MINUTES_A_DAY
    intensity = _rhythm(start_us // DAY_US, minutes)
    cumulative = np.concatenate(([0.0], np.cumsum(intensity)))
    cumulative /= cumulative[-1]
    incidents = _incidents(np.random.Generator(np.random.SFC64([seed, 0xBAD])), days, minutes)
    bad_share = float(zipf(len(SERVICES)) @ (incidents @ np.diff(cumulative)))
    calm, bad = _error_rates(knobs.error_rate, bad_share)
    return World(seed, shard, start_us, knobs, cumulative, incidents, calm, bad)


def zipf(count: int, exponent: float = 1.1) -> Floats:
    """Probabilities that fall as 1 / rank ** exponent."""
    weights = np.arange(1, count + 1, dtype=np.float64) ** -exponent
    shares: Floats = weights / weights.sum()
    return shares


def _rhythm(first_day: int, minutes: int) -> Floats:
    """Records a minute, relative: least at 03:00, most at 15:00, quieter at weekends."""
    minute = np.arange(minutes)
    hour = minute % MINUTES_A_DAY / 60
    weekday = (first_day + minute // MINUTES_A_DAY + 3) % 7  # day 0 of the epoch was a Thursday
    rhythm: Floats = (1 + 0.75 * np.sin(2 * np.pi * (hour - 9) / 24)) * np.where(weekday >= 5, 0.7, 1.0)
    return rhythm


def _incidents(rng: np.random.Generator, days: int, minutes: int) -> NDArray[np.bool_]:
    bad = np.zeros((len(SERVICES), minutes), dtype=np.bool_)
    for service in range(len(SERVICES)):
        for _ in range(rng.poisson(INCIDENTS_A_DAY * days)):
            begin = rng.integers(0, minutes)
            bad[service, begin : begin + rng.integers(5, 45)] = True
    return bad


def _error_rates(wanted: float, bad_share: float) -> tuple[float, float]:
    """Error rates in calm and in bad times whose average is `wanted`."""
    calm = wanted / (1 + bad_share * (INCIDENT_ERROR_FACTOR - 1))
    if calm * INCIDENT_ERROR_FACTOR <= 1:
        return calm, calm * INCIDENT_ERROR_FACTOR
    return max(wanted - bad_share, 0.0) / (1 - bad_share) if bad_share < 1 else wanted, 1.0
