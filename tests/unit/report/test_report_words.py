import pytest

from crossover.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0000401, "0.0401 ms"),
        (0.0041, "4.10 ms"),
        (0.41, "410 ms"),
        (0.9996, "1.00 s"),
        (12.34, "12.3 s"),
        (450.0, "450 s"),
    ],
)
def test_seconds_keep_three_digits_and_a_fitting_unit(value, text):
    assert words.seconds(value) == text


def test_an_interval_has_one_unit():
    assert words.interval(0.95, 1.05) == "0.950 to 1.05 s"
    assert words.interval(0.00402, 0.00431) == "4.02 to 4.31 ms"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (950, "950"), (200_000, "200 k"), (999_999, "1 M"), (1_234_567, "1.23 M"), (4e9, "4 G")],
)
def test_rows_are_short(count, text):
    assert words.rows(count) == text


def test_sizes_are_decimal_and_an_unknown_size_says_so():
    assert words.size(44_000_000) == "44 MB"
    assert words.size(None) == "not recorded"


def test_rounding_up_to_the_next_power_of_ten_adds_no_digit():
    assert words.significant(9.996) == "10"
    assert words.ratio(99.7) == "100"
    assert words.ratio(1.04) == "1.04"


def test_an_interval_of_rows_or_bytes_says_its_unit_once_when_it_can():
    assert words.rows_between(2.7e6, 3.6e6) == "2.7 to 3.6 M"
    assert words.rows_between(9e5, 1.2e6) == "900 k to 1.2 M"
    assert words.size_between(515_000_000, 1_200_000_000) == "515 MB to 1.2 GB"


def test_a_number_and_its_unit_stay_on_one_line():
    nbsp = "\u00a0"
    text = words.unbroken("up to 1.2 M rows [900 k to 1.5 M], 2 times, in 4 ms at 94 %.")
    assert text == f"up to 1.2{nbsp}M{nbsp}rows [900{nbsp}k to 1.5{nbsp}M], 2{nbsp}times, in 4{nbsp}ms at 94{nbsp}%."
