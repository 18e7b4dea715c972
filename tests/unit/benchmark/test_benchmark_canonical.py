"""Equal answers have equal hashes whatever types an engine uses; unequal ones are told apart and shown."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from crossover.benchmark.canonical import MOST_UNLIKE, canonical, difference
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


NAMES = ("postgres", "spark")


def unlike(left, right, **options):
    return difference(left, right, names=NAMES, **options)


# 6 decimals: each pair has the edge between two roundings between it.
EDGE = [
    (0.12345649999999999, 0.12345650000000001),
    (Decimal("0.1234564999999999"), 0.1234565000000001),
    (-2.000000500000001, -2.000000499999999),
    (4.9999999999e-7, 5.0000000001e-7),
    (Decimal("12345678901234567890.1234565000001"), Decimal("12345678901234567890.1234564999999")),
    (1e300, 1.0000000000000002e300),
]


@pytest.mark.parametrize(("left", "right"), EDGE)
def test_two_computed_numbers_on_both_sides_of_an_edge_of_rounding_are_equal(left, right):
    assert form((left,)).hash != form((right,)).hash, "the hash alone cannot tell"
    for ordered in (True, False):
        assert unlike(form((left,), ordered=ordered), form((right,), ordered=ordered)) == ""


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1.0, 1.00000201),
        (0.0, 0.000002),
        (1.0, -1.0),
        (0.1, None),
        (0.1, "0.1"),
        ("", None),
        (float("nan"), 1.0),
        (float("nan"), None),
        (float("inf"), 1e308),
        (float("inf"), float("-inf")),
        (Decimal("NaN"), 0.5),
        (2.5, True),
    ],
)
def test_what_differs_by_more_than_the_tolerance_stays_different(left, right):
    for ordered in (True, False):
        assert unlike(form((left,), ordered=ordered), form((right,), ordered=ordered))
        assert unlike(form((right,), ordered=ordered), form((left,), ordered=ordered))


@pytest.mark.parametrize(("left", "right"), [(0.0, -0.0), (float("nan"), Decimal("NaN")), (None, None), ("", "")])
def test_both_zeros_both_nans_nulls_and_empty_texts_are_equal(left, right):
    assert unlike(form((left,)), form((right,))) == ""


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (10**40 + 1, 10**40),
        (Decimal(10**40 + 1), Decimal(10**40)),
        (Decimal(10**40 + 1), 10**40),
        (121_670_000_000_000, 121_670_000_000_001),
    ],
)
def test_counts_have_no_tolerance_however_large_they_are(left, right):
    assert unlike(form((left,)), form((right,)))


def test_the_tolerance_can_be_stated():
    left, right = form((1000.0001,)), form((1000.0002,))
    assert unlike(left, right)
    assert unlike(left, right, tolerance=1e-6) == ""


def test_unordered_rows_find_their_partner_whatever_noise_does_to_their_sorting():
    low, high = 0.12345649999999999, 0.12345650000000001
    left = form(("b", low), ("a", high), ("c", high), columns=("k", "v"), ordered=False)
    right = form(("b", high), ("a", low), ("c", low), columns=("k", "v"), ordered=False)
    assert unlike(left, right) == ""
    left, right = form((low, 1), (high, 2), columns=("v", "n")), form((high, 1), (low, 2), columns=("v", "n"))
    assert unlike(left, right) == ""


def test_only_the_rows_that_really_differ_are_shown():
    low, high = 0.12345649999999999, 0.12345650000000001
    for ordered in (True, False):
        left = form(("a", low), ("b", 1.5), columns=("k", "v"), ordered=ordered)
        right = form(("a", high), ("b", 2.5), columns=("k", "v"), ordered=ordered)
        found = unlike(left, right)
        assert "1.5" in found
        assert "2.5" in found
        assert '"a"' not in found


def test_a_row_that_is_there_twice_is_no_partner_for_both():
    low, high = 0.12345649999999999, 0.12345650000000001
    found = unlike(form((low,), (low,), ordered=False), form((high,), (7.5,), ordered=False))
    assert "only postgres: 0.123456" in found
    assert "only spark: 7.5" in found


def test_far_too_many_unlike_rows_are_not_taken_for_rounding():
    count = MOST_UNLIKE + 1
    low, high = 0.12345649999999999, 0.12345650000000001
    left = form(*((n, low) for n in range(count)), columns=("n", "v"), ordered=False)
    right = form(*((n, high) for n in range(count)), columns=("n", "v"), ordered=False)
    assert "only postgres: 0 | 0.123456" in unlike(left, right)


def test_ties_that_noise_breaks_may_stand_in_either_order():
    exact = form((9.5, "z"), (7.25, "a"), (7.25, "b"), (7.25, "c"), (1.0, "y"), columns=("p95", "name"))
    noisy = form(
        (9.5, "z"), (7.250000000000001, "b"), (7.25, "a"), (7.249999999999999, "c"), (1.0, "y"),
        columns=("p95", "name"),
    )  # fmt: skip
    assert unlike(exact, noisy) == ""
    assert unlike(noisy, exact) == ""


@pytest.mark.parametrize(
    ("left", "right"),
    [
        # Equal to the last bit: the next column of the order decides, in both engines alike.
        ([(7.25, "a"), (7.25, "b")], [(7.25, "b"), (7.25, "a")]),
        ([(1, "a"), (1, "b")], [(1, "b"), (1, "a")]),
        # No tie at all.
        ([(7.5, "a"), (7.25, "b")], [(7.25, "b"), (7.5, "a")]),
        # Not the same rows.
        ([(7.25, "a"), (7.25, "b")], [(7.250000000000001, "b"), (7.25, "c")]),
        # The answer is not ordered by this number: it says nothing of the order.
        (
            [(3.5, "x"), (7.25, "a"), (7.25, "b"), (1.5, "y")],
            [(3.5, "x"), (7.25000000001, "b"), (7.25, "a"), (1.5, "y")],
        ),
        # A number that is none has no place in an order.
        ([(Decimal("NaN"), "a"), (7.25, "b")], [(7.250000000000001, "b"), (Decimal("NaN"), "a")]),
    ],
)
def test_a_wrong_order_is_a_difference_when_it_is_not_noise_that_breaks_a_tie(left, right):
    assert unlike(form(*left, columns=("v", "k")), form(*right, columns=("v", "k")))


def test_an_answer_without_rows_differs_from_one_with_rows():
    for ordered in (True, False):
        assert unlike(form(ordered=ordered), form((1.5,), ordered=ordered))
        assert unlike(form(ordered=ordered), form(ordered=ordered)) == ""
