"""When a probe was first seen, and what may be said of it."""

import itertools

import numpy as np
import pytest

from crossover.benchmark.write.freshness import Poller, Sightings, delays, seen_by_offset
from crossover.errors import ServiceTimeout


def test_a_probe_is_seen_with_the_first_offset_beyond_it() -> None:
    places = {"p:0": (0, 4), "p:1": (0, 5), "p:2": (1, 0)}
    steps = {(0, 4): 10.0, (0, 5): 11.0, (0, 9): 12.5, (1, 1): 10.25, (1, 7): 99.0}
    assert seen_by_offset(places, steps) == {"p:0": 11.0, "p:1": 12.5, "p:2": 10.25}


def test_a_probe_that_no_offset_passed_was_not_seen() -> None:
    assert seen_by_offset({"p:0": (0, 4), "p:1": (3, 0)}, {(0, 4): 10.0}) == {}


def test_a_delay_is_from_the_acknowledgement_and_never_negative() -> None:
    acked = {"p:0": 1.0, "p:1": 2.0}
    assert delays(acked, {"p:1": 1.9, "p:0": 1.5}, "postgres") == pytest.approx((0.5, 0.0))


def test_a_probe_that_was_never_seen_is_an_error_and_no_sample() -> None:
    with pytest.raises(ServiceTimeout, match="1 of 2 probes were never seen in lake, p:1"):
        delays({"p:0": 1.0, "p:1": 2.0}, {"p:0": 3.0}, "lake")


def test_only_the_first_sighting_counts_and_the_resolution_is_the_gap_of_the_polls() -> None:
    sightings = Sightings(gaps=[0.01] * 99 + [0.5])
    sightings.take(["a"], 1.0)
    sightings.take(["a", "b"], 2.0)
    assert sightings.first_seen == {"a": 1.0, "b": 2.0}
    assert sightings.resolution == pytest.approx(np.quantile(sightings.gaps, 0.99))


def test_the_failure_of_a_poll_is_raised_where_the_result_is_wanted() -> None:
    turns = itertools.count()

    def look() -> list[int]:
        if next(turns) == 2:
            raise ServiceTimeout("gone")
        return [1]

    poller = Poller(look, 0.001)
    poller.start()
    poller._thread.join(5)
    with pytest.raises(ServiceTimeout, match="gone"):
        poller.end()
