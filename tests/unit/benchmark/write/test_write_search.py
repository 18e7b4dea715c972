"""The search of the sustained rate against systems whose capacity is known."""

import random

import pytest

from crossover.benchmark.write.search import Bounds, search

BOUNDS = Bounds(start=4000, lowest=100, highest=500_000, precision=1.15, proofs=2, tries=40)


class System:
    """Holds every rate up to its capacity; notes what it was asked."""

    def __init__(self, capacity: float, *, noise: float = 0.0, seed: int = 0) -> None:
        self.capacity, self.noise, self.random = capacity, noise, random.Random(seed)
        self.trials: list[tuple[float, bool]] = []

    def attempt(self, rate: float) -> bool:
        passed = rate <= self.capacity * self.random.lognormvariate(0, self.noise)
        self.trials.append((rate, passed))
        return passed


@pytest.mark.parametrize("capacity", [150, 3999, 4000, 4001, 27_500, 90_000, 499_000])
def test_the_capacity_is_found_from_below_within_the_precision(capacity: float) -> None:
    system = System(capacity)
    found = search(BOUNDS, system.attempt)
    assert found.rate is not None
    assert found.proven
    assert found.rate <= capacity <= found.rate * BOUNDS.precision
    assert found.tries == len(system.trials) <= 20


def test_each_bracket_is_halved_on_a_logarithmic_scale() -> None:
    system = System(9000)
    search(BOUNDS, system.attempt)
    assert [round(rate) for rate, _ in system.trials[:4]] == [4000, 8000, 16_000, 11_314]


def test_with_noise_no_rate_is_reported_that_ever_failed() -> None:
    for seed in range(200):
        system = System(20_000, noise=0.2, seed=seed)
        found = search(BOUNDS, system.attempt)
        passes = [rate for rate, passed in system.trials if passed]
        assert found.rate is not None
        assert found.rate not in {rate for rate, passed in system.trials if not passed}
        assert passes.count(found.rate) >= BOUNDS.proofs
        assert 20_000 / 2.5 < found.rate < 20_000 * 1.5


def test_with_noise_the_answers_lie_around_the_capacity() -> None:
    found = sorted(search(BOUNDS, System(20_000, noise=0.1, seed=seed).attempt).rate or 0 for seed in range(200))
    assert 20_000 / 1.25 < found[100] < 20_000 * 1.05, "the middle of many searches"


def test_one_hiccup_at_the_first_rate_does_not_hide_the_capacity() -> None:
    system = System(30_000)
    calls = 0

    def attempt(rate: float) -> bool:
        nonlocal calls
        calls += 1
        return False if calls == 1 else system.attempt(rate)

    found = search(BOUNDS, attempt)
    assert found.rate is not None
    assert 30_000 / BOUNDS.precision <= found.rate <= 30_000


def test_a_rate_that_fails_its_proof_is_not_the_answer() -> None:
    asked: list[float] = []

    def attempt(rate: float) -> bool:
        asked.append(rate)
        # 8,000 holds once and never again.
        return rate < 8000 or (rate == 8000 and asked.count(rate) == 1)

    found = search(BOUNDS, attempt)
    assert asked.count(8000) == 2
    assert found.rate is not None
    assert 8000 / BOUNDS.precision <= found.rate < 8000


def test_a_system_that_holds_nothing_has_no_rate() -> None:
    system = System(10)
    found = search(BOUNDS, system.attempt)
    assert (found.rate, found.proven) == (None, False)
    assert min(rate for rate, _ in system.trials) == BOUNDS.lowest


def test_a_system_that_holds_everything_is_told_so() -> None:
    found = search(BOUNDS, System(10**9).attempt)
    assert (found.rate, found.failed_at, found.proven) == (BOUNDS.highest, None, True)


def test_the_trials_are_bounded_and_an_answer_without_proof_says_so() -> None:
    system = System(10**9)
    found = search(Bounds(start=1000, lowest=100, highest=1e6, tries=3), system.attempt)
    assert len(system.trials) == 3
    assert (found.rate, found.proven) == (4000, False)


def test_a_search_that_is_given_up_asks_nothing_more() -> None:
    asked = []

    def attempt(rate: float) -> None:
        asked.append(rate)

    found = search(BOUNDS, attempt)
    assert (found.rate, asked) == (None, [4000])
