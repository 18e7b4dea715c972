"""The open-loop schedule, on a clock that only moves when told to."""

import pytest

from crossover.generate.schedule import Schedule


class Clock:
    """Monotonic seconds under the test's control; waiting moves it."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock():
    return Clock()


def make(clock, rate, **more):
    return Schedule(rate, wait=clock.wait, now=clock.now, **more)


def test_sends_are_due_at_fixed_times(clock):
    schedule = make(clock, 100.0)
    times = []
    for _ in range(4):
        schedule.wait_for(50)
        times.append(clock.time)
    assert times == [100.0, 100.5, 101.0, 101.5]


def test_a_slow_answer_does_not_move_the_sends_after_it(clock):
    schedule = make(clock, 100.0)
    schedule.wait_for(50)
    clock.time += 0.7
    schedule.wait_for(50)
    assert clock.time == pytest.approx(100.7)
    schedule.wait_for(50)
    assert clock.time == pytest.approx(101.0)


def test_a_send_is_overdue_only_beyond_the_patience_and_is_given_up_one_by_one(clock):
    schedule = make(clock, 100.0, patience_seconds=1.0)
    schedule.wait_for(50)
    clock.time = 103.2
    missed = 0
    while schedule.overdue():
        schedule.give_up(50)
        missed += 1
    # Sends were due at 100.5, 101.0 ... 103.0; those before 102.2 are overdue.
    assert missed == 4
    schedule.wait_for(50)
    assert clock.time == 103.2


def test_the_clock_starts_with_the_first_send_not_before_the_first_records_are_made(clock):
    schedule = make(clock, 100.0)
    assert not schedule.overdue()
    clock.time += 60
    assert not schedule.overdue()
    schedule.wait_for(50)
    schedule.wait_for(50)
    assert clock.time == 160.5


def test_rate_0_waits_for_nothing_and_misses_nothing(clock):
    schedule = make(clock, 0.0)
    schedule.wait_for(1000)
    clock.time += 3600
    assert not schedule.overdue()
    schedule.wait_for(1000)
    assert clock.time == 3700


def test_without_a_patience_sends_are_late_but_never_given_up(clock):
    schedule = make(clock, 10.0, patience_seconds=None)
    schedule.wait_for(10)
    clock.time += 3600
    assert not schedule.overdue()
