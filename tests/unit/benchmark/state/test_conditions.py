import argparse
import importlib
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from crossover.benchmark.state.conditions import (
    CONDITIONS,
    Held,
    Interference,
    Look,
    Places,
    during,
    generator_argv,
    judge,
    rewriting_argv,
    stream_argv,
    unavailable,
)
from crossover.cli import COMMANDS
from crossover.errors import BadSetting, MissingPrerequisite
from crossover.settings import Settings, Spark

RATE = 100.0
BEFORE = Look(0.0, Places(1000, 0, 1.0, 900, 0.5, 50, 2.0), rewrites=3, rewrite_age=4.0)
AFTER = Look(60.0, Places(7000, 10, 1.0, 6900, 0.5, 350, 2.0), rewrites=9, rewrite_age=4.0)


def after(**changed):
    places = {name: value for name, value in changed.items() if name in Places.__dataclass_fields__}
    rest = {name: value for name, value in changed.items() if name not in places}
    return replace(AFTER, places=replace(AFTER.places, **places), **rest)


def test_a_condition_that_held_says_by_how_much():
    assert judge("both", RATE, BEFORE, AFTER) == Held("both", 60.0, 6000, 10, 6000, 300, 6)
    assert judge("ingesting", RATE, BEFORE, AFTER).rewrites is None
    assert judge("compacting", RATE, BEFORE, AFTER) == Held("compacting", 60.0, rewrites=6)
    assert judge("idle", RATE, BEFORE, AFTER) == Held("idle", 60.0)
    assert judge("both", RATE, BEFORE, AFTER).held


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"acknowledged_age": 16.0}, "ingest took no record for the last 16 s"),
        ({"acknowledged_age": None}, "ingest took no record at all"),
        ({"postgres_age": 20.0}, "PostgreSQL got no row for the last 20 s"),
        ({"lake_age": 50.0}, "the lake got no commit for the last 50 s"),
        ({"acknowledged": 4000}, "50 records/s were acknowledged, 100 were asked for"),
        ({"rewrite_age": 121.0}, "compaction finished no rewrite for the last 121 s"),
        ({"rewrite_age": None}, "compaction finished no rewrite at all"),
        ({"dead": ("the generator ended with exit code 3: gone",)}, "the generator ended with exit code 3: gone"),
    ],
)
def test_what_did_not_hold_is_said(changed, reason):
    found = judge("both", RATE, BEFORE, after(**changed))
    assert found.reasons == (reason,)
    assert not found.held
    assert reason in found.words


def test_a_part_that_was_not_asked_for_is_no_reason():
    stopped = after(acknowledged=1000, acknowledged_age=None, postgres_age=None, lake_age=None)
    assert judge("compacting", RATE, BEFORE, stopped).held
    assert judge("ingesting", RATE, BEFORE, after(rewrite_age=None)).held


def test_the_rate_counts_between_tallies_and_not_over_less_than_ten_seconds():
    early = replace(BEFORE, places=replace(BEFORE.places, acknowledged_age=3.0))
    late = Look(9.9, Places(1000, 0, 0.0, 900, 0.0, 50, 0.0))
    assert judge("ingesting", RATE, early, late).reasons == ("0 records/s were acknowledged, 100 were asked for",), (
        "the tallies are 12.9 s apart"
    )
    assert judge("ingesting", RATE, BEFORE, replace(late, at=8.0)).held


def test_an_unknown_condition_is_refused():
    for ask in (lambda: unavailable("busy", Settings()), lambda: judge("busy", 1, BEFORE, AFTER)):
        with pytest.raises(BadSetting, match="busy") as error:
            ask()
        assert "idle, ingesting, compacting, both" in error.value.cure


def test_a_condition_with_a_stream_is_not_available_without_sparks_jars(tmp_path):
    bare = Settings(spark=Spark(jars=tmp_path))
    assert [bool(unavailable(condition, bare)) for condition in CONDITIONS] == [False, True, False, True]
    assert str(tmp_path) in unavailable("ingesting", bare)
    with (
        pytest.raises(MissingPrerequisite, match="condition both is not available here: no stream"),
        during("both", bare, threading.Event(), rate=10, dataset="main"),
    ):
        pytest.fail("it was made")


def test_ingest_without_a_rate_is_refused(tmp_path):
    (tmp_path / "some.jar").touch()
    settings = Settings(spark=Spark(jars=tmp_path))
    with (
        pytest.raises(BadSetting, match="rate"),
        during("ingesting", settings, threading.Event(), rate=0, dataset="main"),
    ):
        pytest.fail("it was made")


def test_idle_needs_no_service_and_holds():
    with during("idle", Settings(), threading.Event(), rate=0, dataset="main") as made:
        held = made.evidence()
    assert (held.condition, held.reasons) == ("idle", ())
    assert "nothing else" in held.words


def test_the_commands_accept_what_they_are_started_with(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[4])
    for argv in (generator_argv("noise_1", "noise-1", 12.5), rewriting_argv("main")):
        parser = argparse.ArgumentParser()
        importlib.import_module(COMMANDS[argv[3]][0]).add_arguments(parser)
        assert vars(parser.parse_args(argv[4:]))["dataset"] in ("noise_1", "main")
    stream = stream_argv("noise_1")
    assert importlib.import_module(stream[2]).arguments(stream[3:]).mode == "continuous"


def test_records_flow_in_about_ten_requests_a_second_and_for_hours():
    for rate, batch in ((2.0, "1"), (500.0, "50"), (1e6, "1000")):
        argv = generator_argv("noise_1", "noise-1", rate)
        assert argv[argv.index("--batch") + 1] == batch
        assert int(argv[argv.index("--logs") + 1]) >= rate * 3600


def test_rewrites_are_counted_from_the_lines_of_the_loop():
    made = Interference("compacting", 0, Places)
    assert made.look().rewrite_age is None
    for line in (
        "INFO: lake.bench_x.logs: 500 rows in 34 files\n",
        "INFO: rewrite 1 took 1.20 s: 34 -> 7 files\n",
        "INFO: rewrite 2 took 1.20 s: 34 -> 7 files\n",
    ):
        made.count_rewrite(line)
    look = made.look()
    assert look.rewrites == 2
    assert 0 <= look.rewrite_age < 60
