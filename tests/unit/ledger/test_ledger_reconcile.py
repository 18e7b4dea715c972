"""The ledger on planted faults: each must be found, named, and counted."""

from datetime import date

from crossover.fingerprint import Fingerprint
from crossover.ledger.command import table
from crossover.ledger.reconcile import Finding, Held, Sent, reconcile
from crossover.records import Kind

DAY = date(2026, 1, 1)


def sent(producer: str = "p", *, acked: int = 10, unknown: int = 0, duplicates: int = 0, finished: bool = True) -> Sent:
    return Sent(producer, acked, 0, unknown, duplicates, 0, finished)


def find(
    told: list[Sent],
    postgres: Held,
    lake: Held,
    *,
    postgres_sum: int = 7,
    lake_sum: int = 7,
) -> Finding:
    return reconcile(
        "main",
        Kind.LOGS,
        told,
        {"p": postgres},
        {"p": lake},
        {DAY: Fingerprint(postgres.rows, postgres_sum)},
        {DAY: Fingerprint(lake.rows, lake_sum)},
    )


def test_all_equal_is_clean() -> None:
    finding = find([sent()], Held(10, 10), Held(10, 10))
    assert finding.equal
    assert (finding.lost, finding.twice, finding.postgres, finding.lake) == (0, 0, 10, 10)


def test_a_missing_row_in_one_store_is_lost_and_named() -> None:
    finding = find([sent()], Held(10, 10), Held(9, 9))
    assert not finding.equal
    assert finding.lost == 1
    assert "the lake lacks 1 of p's 10 records" in finding.complaints


def test_a_doubled_row_is_twice() -> None:
    finding = find([sent()], Held(11, 10), Held(11, 10))
    assert not finding.equal
    assert finding.twice == 2


def test_a_lost_and_a_doubled_row_do_not_cancel_out() -> None:
    finding = find([sent()], Held(10, 9), Held(10, 10))
    assert (finding.lost, finding.twice) == (1, 1)


def test_an_altered_row_shows_in_the_day() -> None:
    finding = find([sent()], Held(10, 10), Held(10, 10), lake_sum=8)
    assert not finding.equal
    assert "2026-01-01" in finding.complaints[0]


def test_duplicates_sent_on_purpose_are_not_twice() -> None:
    assert find([sent(acked=12, duplicates=2)], Held(12, 10), Held(12, 10)).equal


def test_unknown_records_may_be_there_or_not() -> None:
    for held in (Held(10, 10), Held(12, 12)):
        finding = find([sent(unknown=2)], held, held)
        assert finding.equal
        assert "2 records got no answer" in finding.notes[0]


def test_more_than_was_sent_is_a_phantom() -> None:
    finding = find([sent()], Held(11, 11), Held(11, 11))
    assert "PostgreSQL holds 1 more of p's records than were sent" in finding.complaints


def test_a_producer_without_a_tally_is_a_note() -> None:
    finding = find([], Held(3, 3), Held(3, 3))
    assert finding.equal
    assert "p left no tally" in finding.notes[0]


def test_the_table_says_no_in_capitals() -> None:
    lines = table([find([sent()], Held(10, 10), Held(9, 9))])
    assert lines[1].split() == ["logs", "10", "0", "0", "10", "9", "1", "0", "NO"]
