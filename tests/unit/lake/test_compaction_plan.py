from datetime import UTC, date, datetime

from crossover.lake.command import table
from crossover.lake.compaction import Compaction, DayPartition, first_open_day, plan


def day(number: int, files: int) -> DayPartition:
    return DayPartition(date(2026, 11, number), files, files * 1000, files * 10)


def test_only_closed_days_with_enough_files_are_chosen_and_the_rest_is_explained() -> None:
    planned = plan([day(20, 9), day(21, 4), day(22, 9)], date(2026, 11, 22), min_files=5)
    assert [partition.day.day for partition in planned.chosen] == [20]
    assert planned.left == {
        "2026-11-21": "4 files, fewer than 5",
        "2026-11-22": "still open (days before 2026-11-22 are closed)",
    }


def test_a_day_stays_open_for_the_lateness_after_its_end() -> None:
    assert first_open_day(datetime(2026, 11, 23, 0, 30, tzinfo=UTC), lateness_hours=1) == date(2026, 11, 22)
    assert first_open_day(datetime(2026, 11, 23, 1, 0, tzinfo=UTC), lateness_hours=1) == date(2026, 11, 23)


def test_the_report_shows_before_and_after() -> None:
    done = Compaction("lake.x.logs", 3, 1_000, 40, 3, 8 * 2**20, 4 * 2**20, 2.0, 0.5)
    line = table([done])[1]
    assert "40 -> 3" in line
    assert "8.0 -> 4.0" in line
    assert line.endswith("4.0")
