"""Whether the stores keep up, from looks at the backlog."""

import random

import pytest

from crossover.benchmark.write.backlog import Look, complaints, growth


def looks(share: float, *, rate: float = 20.0, seconds: int = 30, commit_seconds: float = 2.5) -> list[Look]:
    """Two looks a second; PostgreSQL takes all, the lake takes `share` of what is written, at each commit."""
    found = []
    for half in range(2 * seconds + 1):
        now = half / 2
        committed = now // commit_seconds * commit_seconds
        written = int(now * rate)
        found.append(Look(100 + now, written, {"postgres": written, "lake": int(committed * rate * share)}))
    return found


@pytest.mark.parametrize("commit_seconds", [0.5, 1.7, 2.5, 4.0])
def test_a_store_that_takes_all_in_steps_keeps_up(commit_seconds: float) -> None:
    assert complaints(looks(1.0, commit_seconds=commit_seconds), 3.0, 15.0) == []


def ragged(share: float, seed: int, *, rate: float = 20.0, seconds: int = 30) -> list[Look]:
    """Like `looks`, with commits of 2 to 6 seconds, each of what was written when it began."""
    chance, found, stored, begun, ends = random.Random(seed), [], 0, 0.0, 4.0
    for half in range(2 * seconds + 1):
        now = half / 2
        if now >= ends:
            stored, begun, ends = int(begun * rate * share), ends, ends + chance.uniform(2, 6)
        found.append(Look(now, int(now * rate), {"postgres": int(now * rate), "lake": stored}))
    return found


def test_commits_of_unequal_length_are_seldom_called_growth_and_real_growth_is_seen() -> None:
    steady, growing = (
        sum(bool(complaints(ragged(share, seed, seconds=60), 3.0, 15.0)) for seed in range(200)) for share in (1.0, 0.8)
    )
    assert steady <= 20
    assert growing >= 190


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_a_store_that_takes_less_than_is_sent_does_not(share: float) -> None:
    (complaint,) = complaints(looks(share), 3.0, 15.0)
    assert "backlog of lake grew" in complaint


def test_the_growth_is_what_the_store_leaves_behind() -> None:
    lake, postgres = growth(looks(0.75), "lake"), growth(looks(0.75), "postgres")
    assert lake is not None
    assert postgres is not None
    assert 4.5 < lake.low <= lake.slope == pytest.approx(5.0, rel=0.1)
    assert postgres.slope == pytest.approx(0.0, abs=0.01)


def test_a_backlog_that_was_there_at_the_start_and_stays_is_no_growth() -> None:
    behind = [Look(n / 2, 1000 + 10 * n, {"postgres": 10 * n, "lake": 10 * n}) for n in range(60)]
    assert complaints(behind, 1.0, 15.0) == []


@pytest.mark.parametrize("drained", [None, 15.1])
def test_a_backlog_that_is_not_drained_in_time_is_told(drained: float | None) -> None:
    assert complaints(looks(1.0), drained, 15.0) == ["the backlog was not drained within 15 s"]


@pytest.mark.parametrize("commit_seconds", [7.0, 9.0])
def test_a_store_of_few_steps_is_judged_over_all_of_them(commit_seconds: float) -> None:
    assert complaints(looks(1.0, commit_seconds=commit_seconds), 3.0, 15.0) == []
    assert "grew" in complaints(looks(0.5, commit_seconds=commit_seconds), 3.0, 15.0)[0]


@pytest.mark.parametrize("given", [looks(0.0), looks(1.0, commit_seconds=12.0), looks(1.0)[:1], []])
def test_a_store_that_took_nothing_or_hardly_anything_has_not_kept_up(given: list[Look]) -> None:
    assert any("lake took less than three steps" in complaint for complaint in complaints(given, 1.0, 15.0))


def test_nothing_is_behind_once_all_is_stored() -> None:
    assert Look(0.0, 5, {"postgres": 5, "lake": 6}).drained
    assert not Look(0.0, 5, {"postgres": 5, "lake": 4}).drained
