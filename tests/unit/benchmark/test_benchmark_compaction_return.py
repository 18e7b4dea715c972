from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossover.benchmark.canonical import canonical
from crossover.benchmark.compaction_return import (
    Curve,
    Return,
    Variants,
    cost_figures,
    curve_figures,
    curve_of,
    curve_words,
    pays_back_after,
    report,
)
from crossover.benchmark.measure import Taken, Timed
from crossover.engines.base import Answer
from crossover.lake.gain import MIB
from crossover.lake.layouts import Relation


def variants():
    relations = {files: Relation(f"t{files}", 1000, files, 10) for files in (7, 16, 64)}
    return Variants(1000, 100 * MIB, 64, relations, {7: (2.0, 2.4, 2.2), 16: (1.0,)})


def timed(repetition, seconds, value=1, error=None):
    answer = None if error else canonical(Answer(("n",), [(value,)]), ordered=False, decimals=6)
    return Timed(repetition, None if error else seconds, answer, error)


def taken(*executions):
    return Taken(tuple(executions), steady=True)


def test_a_curve_holds_the_measured_times_by_file_count_without_the_warm_ups():
    curve = curve_of(
        "count_all",
        [7, 64],
        [taken(timed(-1, 9.0), timed(1, 0.2), timed(2, 0.3)), taken(timed(-1, 9.0), timed(1, 0.5), timed(2, 0.6))],
    )
    assert (curve.times, curve.error) == ({7: (0.2, 0.3), 64: (0.5, 0.6)}, "")
    assert [(f.name, f.dimensions, f.unit, f.values) for f in curve_figures(curve)] == [
        ("compaction_curve", {"case": "count_all", "files": "7"}, "s", (0.2, 0.3)),
        ("compaction_curve", {"case": "count_all", "files": "64"}, "s", (0.5, 0.6)),
    ]


@pytest.mark.parametrize(
    ("odd", "words"),
    [(timed(2, 0.3, value=2), "the answers differ"), (timed(2, 0.3, error="no answer in time"), "no answer in time")],
)
def test_an_error_or_an_unlike_answer_voids_the_curve(odd, words):
    curve = curve_of("count_all", [7, 64], [taken(timed(1, 0.2), odd), taken(timed(1, 0.5), timed(2, 0.6))])
    assert words in curve.error
    assert curve.line is None
    assert curve_figures(curve) == []
    assert words in curve_words(curve)


def test_each_rewrite_has_its_cost_and_what_it_read():
    figures = {(f.name, f.dimensions["files"]): f for f in cost_figures(variants())}
    assert figures["compaction_cost", "7"].values == (2.0, 2.4, 2.2)
    assert figures["compaction_cost", "7"].dimensions == {"files": "7", "rows": "1000"}
    assert figures["compaction_read", "16"].values == (100.0 * MIB,)


@settings(deadline=None)
@given(st.fractions(0, 1000, max_denominator=997), st.fractions(Fraction(1, 997), 10, max_denominator=997))
def test_a_rewrite_has_paid_with_the_query_that_is_told_and_not_before(cost, gain):
    after = pays_back_after(cost, gain)
    assert after * gain >= cost
    assert after == 1 or (after - 1) * gain < cost


def test_what_gains_nothing_never_pays():
    assert pays_back_after(1.0, 0.0) is None
    assert pays_back_after(1.0, -0.1) is None


def test_the_report_says_cost_gain_and_the_query_from_which_it_pays():
    quicker = Curve("a", {7: (0.2, 0.2, 0.2), 16: (0.3, 0.3, 0.3), 64: (0.7, 0.7, 0.7)})
    slower = Curve("b", {7: (0.9,) * 3, 16: (0.5,) * 3, 64: (0.5,) * 3})
    void = Curve("c", {7: (0.1,), 16: (0.1,), 64: (0.1,)}, "the answers differ")
    lines = report(Return(variants(), (quicker, slower, void), finished=True))
    assert "64 -> 7 files: cost 2.20 s (45.5 MiB/s)" in lines
    assert "  a: gains 0.500 s a query: pays from query 5 on" in lines
    assert "  b: loses 0.400 s a query: never pays" in lines
    assert "64 -> 16 files: cost 1.00 s (100.0 MiB/s)" in lines
    assert not any(line.startswith("  c:") for line in lines)
    assert sum(line.startswith("c: no curve") for line in lines) == 1
