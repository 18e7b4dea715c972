"""What is said of a rate, and how the figures are shown."""

import argparse

import pytest

from crossover.benchmark.results import Figure
from crossover.benchmark.verbs.write import add_arguments, own_dataset, plan_of, summary
from crossover.benchmark.write.bytes import Stored, figure
from crossover.benchmark.write.open_loop import Sent
from crossover.benchmark.write.parts import PARTS
from crossover.benchmark.write.rate import Limits, Trial, figures, shortcomings
from crossover.benchmark.write.search import Found
from crossover.benchmark.write.table import TITLES, render
from crossover.errors import BadInput, BadSetting
from crossover.settings import DATASET_PATTERN, Settings

LIMITS = Limits(seconds=30, drain_seconds=15, ack_p99_seconds=0.5, batch=1000, connections=4)


def sent(acked: int = 30_000, missed: int = 0, unacked: int = 0, slow: int = 0) -> Sent:
    return Sent(acked, missed, unacked, 30.0, (0.02,) * (200 - slow) + (0.9,) * slow, 1.0, 100)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (sent(missed=100), "100 records could not be sent in time"),
        (sent(unacked=10), "10 records were not acknowledged"),
        (sent(slow=10), "p99 0.9 s is over 0.5 s"),
        (Sent(0, 0, 0, 30.0, (), 0.0, 1), "p99 inf"),
    ],
)
def test_missed_unanswered_and_slow_requests_fail_a_rate(given: Sent, words: str) -> None:
    assert any(words in reason for reason in shortcomings(given, LIMITS))


def test_a_quick_and_whole_answer_has_no_shortcoming() -> None:
    assert shortcomings(sent(slow=1), LIMITS) == []


def test_the_sustained_rate_is_what_was_acknowledged_and_says_what_it_means() -> None:
    trials = [
        Trial(1000, sent(), 2.0, ()),
        Trial(2000, sent(55_000), None, ("too slow",)),
        Trial(1000, sent(29_970), 1.0, ()),
    ]
    found = {
        figure.name: figure for figure in figures(Found(1000, True, 2000, 3), trials, LIMITS) if not figure.dimensions
    }
    assert found["sustained_rate"].values == pytest.approx((1000, 999))
    assert "held 2 times; 2,000 failed" in found["sustained_rate"].note
    acks = [figure for figure in figures(Found(1000, True, 2000, 3), trials, LIMITS) if figure.name == "ack_seconds"]
    assert [(figure.dimensions["rate"], len(figure.values)) for figure in acks] == [("1000", 400), ("2000", 200)]
    assert "failed: too slow" in acks[1].note


def test_where_no_rate_held_there_is_no_sustained_rate() -> None:
    trials = [Trial(100, sent(), None, ("slow",))]
    assert {figure.name for figure in figures(Found(None, False, 100, 1), trials, LIMITS)} == {"ack_seconds"}


def test_bytes_are_divided_by_the_records_and_never_by_none() -> None:
    assert figure(Stored("lake", "compacted", 1000, 40, "")).values == (25.0,)
    with pytest.raises(BadInput, match="kafka holds no records"):
        figure(Stored("kafka", "log", 1000, 0, ""))


def test_the_table_shows_every_kind_of_figure_and_orders_rates_as_numbers() -> None:
    made = [Figure(name, {"rate": rate}, "s", (1.0, 2.0)) for name in TITLES for rate in ("16000", "8000")]
    lines = render([*made, Figure("compaction_cost", {}, "s", (1.0,))])
    assert sum(line in TITLES.values() for line in lines) == len(TITLES)
    assert [line.split()[0] for line in lines if line.startswith("  ")] == ["8000", "16000"] * len(TITLES)


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_a_run_has_the_same_dataset_in_every_part_of_it() -> None:
    plans = [plan_of(arguments("--run", "My Run #1", "--parts", part), Settings()) for part in PARTS]
    assert len({plan.dataset for plan in plans}) == 1
    for run_id in ("b20261123t130501_9f3c2a", "My Run #1", "20261123-1305-ab", "x" * 90, "ü"):
        assert DATASET_PATTERN.fullmatch(own_dataset(run_id))
    assert own_dataset("b20261123t130501_9f3c2a") == "b20261123t130501_9f3c2a"
    assert own_dataset("My Run") != own_dataset("my run")


@pytest.mark.parametrize(
    "words",
    [
        ("--parts", "rate,spead"), ("--parts", ","), ("--rows", "0"), ("--seconds", "1"), ("--start", "50"),
        ("--precision", "1"), ("--batch", "100000"), ("--dataset", "No"), ("--ack-p99", "0"), ("--background", "-1"),
        ("--seconds", "nan"), ("--highest", "inf"),
    ],
)  # fmt: skip
def test_an_option_that_makes_no_sense_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(BadSetting):
        plan_of(arguments(*words), Settings())


def test_the_summary_tells_rate_and_freshness() -> None:
    plan = plan_of(arguments("--run", "r1"), Settings())
    made = [
        Figure("sustained_rate", {}, "records/s", (2000.0, 1990.0)),
        Figure("freshness", {"store": "lake"}, "s", (1.0, 2.0, 3.0)),
    ]
    told = summary(plan, made)
    assert told["sustained_rate"] == 1990.0
    assert told["freshness_lake"]["p50"] == 2.0
    assert told["figures"] == 2
