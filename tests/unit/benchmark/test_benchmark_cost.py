"""COST: how many Spark cores match one PostgreSQL core."""

from dataclasses import replace

import pytest

from crossover.benchmark.state.budget import Budget, Enforced
from crossover.benchmark.statistics.cost import Cost, Round, beats_both, cost
from crossover.benchmark.verbs.cost import Found, _require_held, figures, most_cores, sentence, table
from crossover.errors import BadSetting

SPREAD = (0.99, 1.0, 1.01, 0.995, 1.005, 1.0, 0.998, 1.002)


def times(median, spread=SPREAD):
    return tuple(median * factor for factor in spread)


def ladder(*spark, postgres=1.0, duckdb=0.5):
    return tuple(
        Round(n, {"postgres": times(postgres), "duckdb": times(duckdb), "spark": times(median)})
        for n, median in enumerate(spark, start=1)
    )


def test_the_fewest_cores_that_are_not_slower_are_the_cost():
    found = cost(ladder(3.0, 1.6, 0.9, 0.5))
    assert found == Cost(3, pytest.approx(0.9), sure=True)
    assert cost(tuple(reversed(ladder(3.0, 1.6, 0.9, 0.5)))) == found


def test_spark_that_wins_on_one_core_costs_one_core():
    assert cost(ladder(0.7, 0.4)) == Cost(1, pytest.approx(0.7), sure=True)


def test_cores_that_never_suffice_have_no_cost():
    assert cost(ladder(3.0, 1.6)) == Cost(None, pytest.approx(1.6), sure=True)


def test_what_the_noise_could_have_made_is_not_sure():
    assert cost(ladder(3.0, 0.999)) == Cost(2, pytest.approx(0.999), sure=False)
    few = tuple(replace(r, seconds={name: t[:3] for name, t in r.seconds.items()}) for r in ladder(3.0, 0.5))
    assert cost(few) == Cost(2, pytest.approx(0.5), sure=False)


def test_without_an_answer_there_is_no_cost():
    assert cost(()) is None
    assert cost((Round(1, {"postgres": times(1.0), "spark": ()}),)) is None


@pytest.mark.parametrize(
    ("duckdb", "expected"), [(0.5, "yes"), (2.0, "no"), (0.9, "no"), (0.8, "undecided"), (0.3, "yes")]
)
def test_duckdb_must_beat_both_and_spark_on_all_its_cores(duckdb, expected):
    assert beats_both(ladder(3.0, 0.8, duckdb=duckdb)) == expected


def test_duckdb_that_was_not_asked_beats_nobody():
    rounds = (Round(1, {"postgres": times(1.0), "spark": times(2.0)}),)
    assert beats_both(rounds) is None
    assert "DuckDB was not asked" in sentence(Found("c", 100, rounds))


def test_figures_hold_all_times_and_the_answer():
    found = figures(Found("c", 100, ladder(3.0, 0.9)))
    assert {(f.dimensions["engine"], f.dimensions["cores"]) for f in found if f.name == "cost_seconds"} == {
        ("postgres", "1"),
        ("duckdb", "1"),
        ("spark", "1"),
        ("spark", "2"),
    }
    answer = found[-1]
    assert (answer.name, answer.dimensions, answer.unit) == ("cost_cores", {"case": "c", "size_rows": "100"}, "cores")
    assert answer.values == (2.0,)
    assert answer.note == "2 Spark cores match one PostgreSQL core (0.9 of its time); one core of DuckDB beats both"


def test_more_than_all_cores_is_no_number():
    answer = figures(Found("c", 100, ladder(3.0, 1.5)))[-1]
    assert answer.values == ()
    assert answer.note.startswith("2 Spark cores do not match one PostgreSQL core: 1.5 times as long")


def test_a_case_that_went_wrong_has_no_figures_and_says_why():
    wrong = Found("c", 100, ladder(3.0), "the answers differ")
    assert figures(wrong) == []
    assert sentence(wrong) == "void: the answers differ"
    assert "void: the answers differ" in table([wrong])


def test_the_table_has_a_column_for_each_number_of_cores():
    lines = table([Found("c", 100, ladder(3.0, 0.9)), Found("slow", 100, ladder(3.0, 1.5))]).splitlines()
    assert [word for word in ("spark 1", "spark 2", "spark 3") if word in lines[1]] == ["spark 1", "spark 2"]
    assert lines[2].split()[-1] == "2"
    assert lines[3].endswith("more than 2")


def test_a_budget_that_the_kernel_does_not_confirm_is_refused():
    held = {"spark": Enforced(2.0, None, "CPU affinity")}
    _require_held(held, {"spark": Budget(2)})
    with pytest.raises(BadSetting, match=r"spark was to have 1 cores and has 2\.0"):
        _require_held(held, {"spark": Budget(1)})


def test_more_cores_than_the_machine_has_are_refused():
    assert most_cores(None) >= most_cores(1) == 1
    with pytest.raises(BadSetting, match="--most-cores 0"):
        most_cores(0)
