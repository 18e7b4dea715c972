"""The twelve mistakes of the earlier system, made again: each is caught, with the right reason in plain words.

Eleven of them a stored run can hold: the stamp names them. The eleventh, data flatter than real and without a seed, is
the generator's to refuse: leaving out every option gives skewed data with a seed. Some are refused before any timing.
"""

import argparse
import threading
import time
from collections import Counter
from functools import cache
from random import Random

import msgspec
import pytest

from crossover.benchmark.cases import check_parameters
from crossover.benchmark.measure import Effort, Question, Target, measure
from crossover.benchmark.validity.stamp import stamp
from crossover.engines.base import Answer
from crossover.errors import BadInput, BadSetting, StoresDiffer
from crossover.fingerprint import Fingerprint, require_equal
from crossover.generate.command import add_arguments, synthetic_source
from crossover.settings import Settings
from tests.unit.benchmark.validity.mistakes import MISTAKES, clean

GENERATED = 10_000


def caught(mistake):
    """Whether the stamp calls the run invalid, with a sentence for each mark that says what to do."""
    found = stamp(mistake.make())
    sentences = [next((reason for reason in found.reasons if mark in reason), "") for mark in mistake.marks]
    return not found.valid and all("; cure: " in sentence for sentence in sentences)


def generated(*options):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    arguments = parser.parse_args(["--logs", str(GENERATED), "--end", "2026-11-25", *options])
    source = synthetic_source(arguments, Settings(), "gen-test")
    lines = []
    while batch := source.take():
        lines += bytes(batch.body).splitlines()
    return lines


def flatness(records):
    """What makes data smaller on disk and easier to group than real ones, in words."""
    found = []
    for column, distinct in (("service", 5), ("host", 20), ("message", GENERATED // 5)):
        counts = Counter(record[column] for record in records)
        if len(counts) < distinct:
            found.append(f"{len(counts)} different values of {column}")
        if column != "message" and max(counts.values()) < 1.5 * len(records) / len(counts):
            found.append(f"all values of {column} are equally frequent")
    return found


def flat_records():
    """11. 14 messages, 4 services, 3 hosts, drawn evenly and without a seed: 48 bytes a row in Parquet, once only."""
    chance = Random(11)
    return [
        {"service": f"s{chance.randrange(4)}", "host": f"w{chance.randrange(3)}", "message": f"m{chance.randrange(14)}"}
        for _ in range(GENERATED)
    ]


@cache
def flat_data_is_caught():
    told = flatness(flat_records())
    lines = generated()
    ours = flatness([msgspec.json.decode(line) for line in lines])
    return len(told) == 5 and not ours and lines == generated() and lines != generated("--seed", "2")


def test_a_clean_run_is_valid_and_has_no_reasons():
    found = stamp(clean())
    assert found.valid
    assert found.reasons == ()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake.number}-{mistake.make.__name__}")
def test_a_mistake_of_the_earlier_system_is_caught_with_its_reason(mistake):
    found = stamp(mistake.make())
    assert not found.valid
    for mark in mistake.marks:
        assert any(mark in reason and "; cure: " in reason for reason in found.reasons), (mark, found.reasons)


def test_flat_data_without_a_seed_cannot_be_had_by_leaving_options_out():
    assert flatness(flat_records()) == [
        "4 different values of service",
        "all values of service are equally frequent",
        "3 different values of host",
        "all values of host are equally frequent",
        "14 different values of message",
    ]
    assert flat_data_is_caught()


def test_all_twelve_are_caught(capsys):
    results = {mistake.number: caught(mistake) for mistake in MISTAKES} | {11: flat_data_is_caught()}
    with capsys.disabled():
        print(f"\n{sum(results.values())} of 12 caught")
    assert results == dict.fromkeys(range(1, 13), True)


def test_a_filter_that_is_declared_and_dropped_is_refused_before_a_run():
    with pytest.raises(BadSetting, match=r"declared but not used: \['level'\]"):
        check_parameters("case x, postgres.sql", "SELECT service FROM t GROUP BY service", "postgres", {"level"})


def test_one_altered_row_is_refused_before_any_timing():
    with pytest.raises(StoresDiffer, match="121,670,000 rows, hash sum 2a, the lake 121,670,000 rows, hash sum 2b"):
        require_equal(Fingerprint(121_670_000, 42), Fingerprint(121_670_000, 43), "2,000,000 rows, fragmented")


class Queued:
    """An engine before which questions wait; its own clock starts after the wait. Some questions it refuses at once."""

    name = "spark"

    def __init__(self, wait_seconds, refuses=False):
        self.wait_seconds, self.refuses = wait_seconds, refuses

    def query(self, _statement, _parameters, *, timeout_seconds):
        if self.refuses:
            raise BadInput(f"no such column: id (asked for {timeout_seconds} s)")
        until = time.perf_counter() + self.wait_seconds
        while time.perf_counter() < until:
            pass
        own_clock = time.perf_counter()
        return Answer(("query_time_ms",), [(round(time.perf_counter() - own_clock),)])


def executions(engine):
    question = Question(engine, Target("spark", "fragmented", "t", 100, 1, None), "SELECT", {})
    taken = measure([question], {}, Effort(0, 2, 1.0), ordered=True, decimals=6, stop=threading.Event())
    return taken[0].timed


def test_the_time_is_what_the_user_waits_not_what_the_server_tells():
    assert all(timed.seconds >= 0.03 for timed in executions(Queued(0.03)))


def test_a_refusal_is_quick_and_gives_no_time():
    assert {(timed.seconds, timed.error) for timed in executions(Queued(0, refuses=True))} == {
        (None, "no such column: id (asked for 1.0 s)")
    }
