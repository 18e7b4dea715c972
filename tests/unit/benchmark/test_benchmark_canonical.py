"""Equal answers have equal hashes whatever types an engine uses; unequal ones are told apart and shown."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from crossover.benchmark.canonical import canonical, difference
from crossover.engines.base import Answer
from crossover.errors import BadInput


def form(*rows, columns=("a",), ordered=True, decimals=6):
    return canonical(Answer(columns, list(rows)), ordered=ordered, decimals=decimals)


@pytest.mark.parametrize("same", [12, 12.0, Decimal(12), Decimal("12.00"), 12.0000000001])
def test_one_number_has_one_form_in_all_types(same):
    assert form((same,)) == form((12,))
    assert form((same,)).hash == form((12,)).hash


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (0.1 + 0.2, 0.3),
        (-0.0, 0),
        (1e-9, 0),
        (-1e-9, 0),
        (Decimal("2.5000004"), 2.5),
        (1e21, 10**21),
        (float("nan"), Decimal("NaN")),
    ],
)
def test_noise_below_the_stated_decimals_is_no_difference(left, right):
    assert form((left,)).hash == form((right,)).hash


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1.00001, 1.00002),
        (12, "12"),
        (None, "null"),
        (None, 0),
        ("", None),
        (True, 1),
        (2**63, 2**63 - 1),
        (10**40 + 1, 10**40),
        ("a\tb", "a"),
        (float("inf"), float("-inf")),
    ],
)
def test_different_values_have_different_hashes(left, right):
    assert form((left,)).hash != form((right,)).hash


def test_text_cannot_imitate_two_cells_or_two_rows():
    assert form(("a\tb", "c"), columns=("x", "y")).hash != form(("a", "b\tc"), columns=("x", "y")).hash
    assert form(("a\nb",)).hash != form(("a",), ("b",)).hash


def test_an_instant_is_the_same_in_every_zone():
    there = datetime(2026, 11, 23, 14, 0, 0, 5, timezone(timedelta(hours=9)))
    assert form((there,)).hash == form((there.astimezone(UTC),)).hash
    assert form((there,)).hash != form((there + timedelta(microseconds=1),)).hash


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(BadInput, match="without a zone"):
        form((datetime(2026, 11, 23),))  # noqa: DTZ001


@pytest.mark.parametrize("nested", [[1], {"a": 1}, b"bytes"])
def test_a_nested_value_is_refused(nested):
    with pytest.raises(BadInput, match="plain columns"):
        form((nested,))


def test_order_counts_only_where_it_is_part_of_the_answer():
    assert form((1,), (2,), ordered=True).hash != form((2,), (1,), ordered=True).hash
    assert form((1,), (2,), ordered=False).hash == form((2,), (1,), ordered=False).hash


def test_repeated_rows_count():
    assert form((1,), (1,), ordered=False).hash != form((1,), ordered=False).hash


def test_equal_answers_have_no_difference():
    assert difference(form((1,)), form((1.0,)), names=("postgres", "spark")) == ""


def test_the_difference_of_ordered_answers_names_the_row():
    found = difference(form((1,), (2,), (3,)), form((1,), (9,)), names=("postgres", "spark"))
    assert "postgres has 3, spark has 2" in found
    assert "row 2: postgres 2; spark 9" in found
    assert "row 3: postgres 3; spark (no such row)" in found


def test_the_difference_of_unordered_answers_names_rows_of_one_side_only():
    left = form(("api", 5), ("web", 7), columns=("service", "n"), ordered=False)
    right = form(("web", 7), ("api", 6), columns=("service", "n"), ordered=False)
    found = difference(left, right, names=("postgres", "spark"))
    assert 'only postgres: "api" | 5' in found
    assert 'only spark: "api" | 6' in found
    assert "web" not in found


def test_unlike_columns_are_a_difference():
    left, right = form((1,), columns=("n",)), form((1,), columns=("count",))
    assert left.hash != right.hash
    found = difference(left, right, names=("postgres", "spark"))
    assert found == "columns: postgres has n; spark has count"
