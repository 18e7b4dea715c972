"""A run leaves one installation's tables as a file and enters again, whole, once, and never mixed."""

import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crossover.benchmark.exchange import IMPORTED, dump, parse_all
from crossover.benchmark.results import Cell, Evidence, Figure, Run, Rung, Sample, Stamp, load_run, load_rungs, save_run
from crossover.cli import main
from crossover.connections import connect_postgres
from crossover.errors import BadInput

pytestmark = pytest.mark.integration


@pytest.fixture
def run_id():
    return f"exchange-{secrets.token_hex(4)}"


def run_of(run_id: str) -> Run:
    samples = tuple(Sample(i, 1 + i / 3, 4, "a1", None, "ab"[i % 2], i // 2 + 1) for i in range(-1, 8))
    failed = (Sample(1, None, None, None, "no answer within 60 s"),)
    evidence = Evidence(
        datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC), 2.5, steal=0.01, other_runs=("ü",), memory_bytes=2**40
    )
    cell = Cell(
        "count_all", "postgres", 1000, "heap", 1001, 5_000, None, "hot", "idle", {"work_mem": "64 MB"},
        {"level": "x'\""}, "SELECT 1", "a1", True, None, samples, evidence,
    )  # fmt: skip
    other = replace(
        cell, engine="spark", layout="fragmented", files=3, samples=failed, error="it failed", evidence=None
    )
    return Run(
        run_id=run_id,
        dataset="exchange_test",
        started_at=datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        environment={"cpu": "日本 \u2028 😀"},
        settings={"fragmented": {"sizes": [1000], "timeout": 60.5, "nothing": None}},
        cells=(other, cell),
        figures=(Figure("write_rate", {"method": "COPY"}, "rows/s", (0.1, 1e300, 5e-324), "note"),),
        stamp=Stamp(False, ("it is too noisy",)),
    )


def rung_of() -> Rung:
    return Rung(1000, "logs", 1001, 2**62 + 1, {0: 5, 11: 7}, "bench.logs_1000", "-77", {"fragmented": "1 2"})


@pytest.fixture
def file(tmp_path, run_id):
    path = tmp_path / "run.json"
    path.write_bytes(dump(run_of(run_id), [rung_of()]))
    return path


def test_a_run_comes_out_as_it_went_in(stack, file, run_id, tmp_path):
    assert main(["benchmark", "import", str(file)]) == 0
    out = tmp_path / "out.json"
    assert main(["benchmark", "export", run_id, "--out", str(out)]) == 0
    back = parse_all(out.read_bytes())
    assert back.run.environment.pop(IMPORTED) == run_id
    assert back.run == run_of(run_id)
    assert back.rungs == (rung_of(),)


def test_a_second_import_changes_nothing(stack, file, run_id):
    assert main(["benchmark", "import", str(file)]) == 0
    with connect_postgres(stack, application="test") as connection:
        before = load_run(connection, run_id)
        assert main(["benchmark", "import", str(file)]) == 0
        assert load_run(connection, run_id) == before


def test_other_content_under_the_same_id_is_refused_and_leaves_the_run_as_it_was(stack, file, run_id, tmp_path, capsys):
    assert main(["benchmark", "import", str(file)]) == 0
    document = json.loads(file.read_bytes())
    document["run"]["cells"][1]["samples"][2]["seconds"] += 1e-9
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document))
    assert main(["benchmark", "import", str(changed)]) == 2
    with connect_postgres(stack, application="test") as connection:
        assert load_run(connection, run_id).cells == run_of(run_id).cells
        assert main(["benchmark", "import", str(changed), "--as", f"{run_id}-b"]) == 0
        assert load_run(connection, f"{run_id}-b").environment[IMPORTED] == run_id


def test_an_imported_run_keeps_what_was_found_of_it(stack, file, run_id):
    assert main(["benchmark", "import", str(file)]) == 0
    with connect_postgres(stack, application="test") as connection:
        assert load_run(connection, run_id).stamp == Stamp(False, ("it is too noisy",))
        assert load_rungs(connection, run_id) == [rung_of()]


def test_nothing_may_be_measured_into_an_imported_run(stack, file, run_id):
    assert main(["benchmark", "import", str(file)]) == 0
    with connect_postgres(stack, application="test") as connection, pytest.raises(BadInput, match="imported"):
        save_run(connection, replace(run_of(run_id), environment={"cpu": "here"}, cells=()))


def test_a_stored_run_and_a_file_are_compared(stack, file, run_id, capsys):
    assert main(["benchmark", "import", str(file)]) == 0
    assert main(["benchmark", "compare", run_id, str(file)]) == 0
    assert "is invalid: it is too noisy" in capsys.readouterr().out


def test_imported_runs_are_no_part_of_this_machine_s_history(stack, file, run_id):
    assert main(["benchmark", "import", str(file)]) == 0
    assert main(["benchmark", "history", "--dataset", "exchange_test"]) == 2
