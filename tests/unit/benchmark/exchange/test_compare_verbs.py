"""The words in which comparisons and histories are printed, and which files and runs may be named."""

import argparse
import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from crossover.benchmark.command import VERBS
from crossover.benchmark.exchange import dump
from crossover.benchmark.history import changes, compare_runs
from crossover.benchmark.results import Stamp
from crossover.benchmark.verbs.compare import compare, comparison_lines, load_named, track_lines
from crossover.benchmark.verbs.exchange import read_file
from crossover.errors import BadInput


def parsed(verb, *words):
    module, function, _ = VERBS[verb]
    parser = argparse.ArgumentParser()
    getattr(importlib.import_module(module), f"add_{function}_arguments")(parser)
    return parser.parse_args(words)


@pytest.fixture
def files(build, tmp_path):
    slow = build.cell(seed=2, median=0.2, run_id="two")
    runs = [
        build.run(build.cell(seed=1), build.cell("group_by_level", seed=3), run_id="one"),
        build.run(slow, build.cell("group_by_level", seed=4, rows=5), run_id="two", environment={"cpu": "other"}),
    ]
    paths = [tmp_path / f"{run.run_id}.json" for run in runs]
    for path, run in zip(paths, runs, strict=True):
        path.write_bytes(dump(run))
    return [str(path) for path in paths]


def test_two_files_are_compared_without_any_service(files, capsys):
    assert compare(parsed("compare", *files), settings=None) == 0
    told = capsys.readouterr().out
    assert "run one, 2026-03-01 12:00 UTC: valid" in told
    assert "cpu: EPYC 7B13 -> other" in told
    slower = next(line for line in told.splitlines() if line.startswith("count_all, postgres indexed, 200,000 rows"))
    assert slower.endswith("slower")
    assert "not compared: other rows: 200,123 and 5" in told
    assert "run two against run one: 1 slower, 0 faster, 0 no difference, 1 not compared of 2 cells" in told


def test_what_is_no_file_and_no_run_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"there is no file .*gone\.json"):
        load_named([str(tmp_path / "gone.json")], settings=None)


def test_a_wrong_file_is_named_with_the_place_in_it(files):
    path = Path(files[0])
    path.write_bytes(path.read_bytes().replace(b'"hot"', b"1", 1))
    with pytest.raises(BadInput, match=r"one\.json: .*\$\.run\.cells\[0\]\.cache_state"):
        load_named([str(path)], settings=None)


def test_a_file_that_calls_its_run_valid_against_its_own_evidence_is_told(files, caplog):
    read_file(Path(files[0]))
    assert "calls its run valid; by what it holds the run is not" in caplog.text
    assert "there is no full record of its environment" in caplog.text


def test_a_folder_is_no_run_file(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        read_file(tmp_path)


def test_an_invalid_run_says_so_in_each_of_its_cells(build):
    first = build.run(build.cell(seed=1), run_id="one")
    second = build.run(build.cell(seed=2, median=0.2), run_id="two", stamp=Stamp(False, ("the clock jumped",)))
    lines = comparison_lines(compare_runs([first, second]))
    assert "run two, 2026-03-01 12:00 UTC: run two is invalid: the clock jumped" in lines
    assert lines[-3].startswith("count_all")
    assert lines[-3].endswith("=: run two is invalid: the clock jumped")


def test_a_shift_is_told_with_its_run_its_size_and_what_changed_around_it(build):
    runs = [
        build.run(
            build.cell(seed=number, median=0.1 if number < 6 else 0.15, noise=0.01),
            run_id=f"r{number}",
            days=number,
            environment={"postgres": "18.5" if number < 6 else "18.6"},
        )
        for number in range(12)
    ]
    runs[1] = replace(runs[1], stamp=None)
    (track,) = changes(runs)
    first, step, left_out = track_lines(track)
    assert first.startswith("count_all, postgres indexed, 200,000 rows, hot, idle: ")
    assert step.startswith("  from run r6 on 1.5")
    assert step.endswith("5 runs before and 6 after): postgres: 18.5 -> 18.6")
    assert left_out == "  left out, 1 runs: run r1 has no stamp: it was not finished"


@pytest.mark.parametrize("words", [("compare", "one"), ("export",), ("import",), ("history", "--last", "many")])
def test_the_verbs_refuse_what_they_cannot_do(words):
    with pytest.raises(SystemExit):
        parsed(*words)
