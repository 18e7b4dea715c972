"""Shifts along a history: planted ones are found where they are, and noise is not taken for one."""

from dataclasses import replace

import numpy as np
import pytest

from crossover.benchmark.history import _benjamini_hochberg, _cut, changes
from crossover.benchmark.results import Stamp


def history(build, levels, *, cases=("count_all",), between=0.02, seed=0, noise=0.02):
    """One run a level, a day apart; each run as a whole is off by `between`."""
    rng = np.random.default_rng(seed)
    for number, level in enumerate(levels):
        medians = level * rng.lognormal(0.0, between, len(cases))
        cells = [
            build.cell(
                case=case, median=float(median), noise=noise, seed=(seed, number, i), blocks=4, run_id=f"r{number}"
            )
            for i, (case, median) in enumerate(zip(cases, medians, strict=True))
        ]
        yield build.run(*cells, run_id=f"r{number}", days=number, environment={"postgres": f"18.{level}"})


def steps(tracks):
    (track,) = tracks
    return [step.run_id for step in track.steps]


@pytest.mark.parametrize(("before", "after"), [(4, 4), (6, 6), (10, 10), (17, 3), (3, 17)])
def test_a_planted_step_is_found_at_its_run(build, before, after):
    (track,) = changes(history(build, [0.1] * before + [0.13] * after, seed=before))
    (step,) = track.steps
    assert (step.run_id, step.before) == (f"r{before}", f"r{before - 1}")
    assert step.ratio == pytest.approx(1.3, rel=0.05)
    assert step.p_value < 0.05
    assert (step.runs_before, step.runs_after) == (before, after)
    assert [fact.values for fact in step.facts] == [("18.0.1", "18.0.13")]


def test_a_step_to_quicker_times_has_a_ratio_below_one(build):
    (track,) = changes(history(build, [0.1] * 8 + [0.07] * 8))
    assert [round(step.ratio, 1) for step in track.steps] == [0.7]


def test_two_steps_are_both_found_in_order(build):
    assert steps(changes(history(build, [0.1] * 9 + [0.14] * 9 + [0.2] * 9))) == ["r9", "r18"]


def test_a_step_and_the_way_back_are_both_found(build):
    assert steps(changes(history(build, [0.1] * 12 + [0.16] * 12 + [0.1] * 12))) == ["r12", "r24"]


def test_the_order_in_which_runs_are_given_does_not_matter(build):
    runs = list(history(build, [0.1] * 6 + [0.13] * 6))
    assert changes(reversed(runs)) == changes(runs)


def test_pure_noise_gives_an_alarm_in_at_most_one_of_twenty():
    rng = np.random.default_rng(11)
    alarms = [_cut(list(rng.normal(0.0, 0.1, size)), 1)[1] < 0.05 for size in (8, 12, 20) for _ in range(200)]
    assert np.mean(alarms) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / len(alarms))
    assert np.mean(alarms) > 0.02, "a test that never fires would also pass"


def test_noise_with_wild_runs_gives_no_more_alarms():
    rng = np.random.default_rng(12)
    alarms = [_cut(list(rng.standard_cauchy(16)), 1)[1] < 0.05 for _ in range(200)]
    assert np.mean(alarms) <= 0.08


def test_a_whole_history_of_many_cells_without_any_change_raises_few_alarms(build):
    """Ten cells each; a history with any alarm counts, so the correction over all cells is on trial."""
    cases = [f"case_{i}" for i in range(10)]
    alarms = 0
    for seed in range(12):
        tracks = changes(history(build, [0.1] * 10, cases=cases, between=0.1, seed=seed, noise=0.01))
        alarms += any(track.steps for track in tracks)
    assert alarms <= 2


def test_a_step_within_the_noise_floor_is_not_reported(build):
    (track,) = changes(history(build, [0.1] * 10 + [0.101] * 10, between=0.0001, noise=0.002))
    assert track.steps == ()
    assert "noise" in track.reason


def test_fewer_than_eight_runs_show_nothing_and_say_so(build):
    (track,) = changes(history(build, [0.1] * 4 + [0.5] * 3))
    assert track.steps == ()
    assert track.reason == "7 comparable runs: fewer than 8 can show no shift"
    assert len(track.points) == 7


def test_identical_medians_are_no_shift():
    assert _cut([0.5] * 12, 1)[1] == 1.0


def test_invalid_runs_errors_and_other_data_are_left_out_with_their_reason(build):
    runs = list(history(build, [0.1] * 12))
    runs[0] = replace(runs[0], cells=tuple(replace(cell, rows=5) for cell in runs[0].cells))
    runs[1] = replace(runs[1], stamp=Stamp(valid=False, reasons=("the clock jumped",)))
    runs[2] = replace(runs[2], cells=tuple(replace(cell, error="time-out") for cell in runs[2].cells))
    runs[3] = replace(runs[3], cells=tuple(replace(cell, answers_agree=False) for cell in runs[3].cells))
    (track,) = changes(runs)
    assert [point.run_id for point in track.points] == [f"r{i}" for i in range(4, 12)]
    told = dict(track.left_out)
    assert list(told) == ["r0", "r1", "r2", "r3"]
    assert told["r0"].startswith("other rows")
    assert "the clock jumped" in told["r1"]
    assert told["r2"] == "time-out"
    assert "answers" in told["r3"]


def test_only_the_wanted_cells_are_tracked(build):
    tracks = changes(history(build, [0.1] * 8, cases=("a", "b")), wanted=lambda key: key[0] == "b")
    assert [track.key[0] for track in tracks] == ["b"]


def test_no_runs_give_no_tracks():
    assert changes([]) == ()


def test_the_correction_of_benjamini_and_hochberg_is_theirs():
    assert _benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
