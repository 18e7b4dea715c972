"""The write benchmark on the running stack, with small numbers: figures that are there, plausible, and saved."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from crossover.benchmark.results import Figure, load_run
from crossover.benchmark.rungs import schema_of
from crossover.benchmark.verbs.write import own_dataset
from crossover.benchmark.write.methods import Rung, rungs, write_once
from crossover.benchmark.write.rows import make_rows
from crossover.connections import connect_postgres
from crossover.dataset import delete_topics
from crossover.errors import CorruptData
from crossover.ledger.catch_up import stream_is_running
from crossover.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.nightly]
# Little is asked, so that a busy machine holds it, too.
LINE = ["--seconds", "30", "--drain-seconds", "60", "--ack-p99", "5"]
SEARCH = ["--start", "200", "--lowest", "50", "--highest", "400", "--tries", "5"]


@pytest.fixture(scope="module")
def run_id(stack: Settings) -> Iterator[str]:
    name = f"write_{secrets.token_hex(4)}"
    yield name
    delete_topics(own_dataset(name), stack)


def write(run_id: str, *words: str, expect: int = 0) -> str:
    command = [sys.executable, "-m", "crossover.cli", "benchmark", "write", "--run", run_id, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == expect, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def figures(stack: Settings, run_id: str, name: str) -> list[Figure]:
    with connect_postgres(stack, application="test") as connection:
        return [figure for figure in load_run(connection, run_id).figures if figure.name == name]


def test_the_ladder_has_a_rate_for_every_rung_and_leaves_no_table(stack: Settings, run_id: str) -> None:
    write(run_id, "--parts", "methods", "--rows", "3000", "--repetitions", "2")
    found = figures(stack, run_id, "write_rate")
    assert {(f.dimensions["method"], f.dimensions["indexes"], f.dimensions["table"]) for f in found} == {
        (rung.method, str(rung.indexes), rung.table) for rung in rungs()
    }
    assert all(len(figure.values) == 2 and min(figure.values) > 0 for figure in found)
    assert all("synchronous_commit on, fsync on" in figure.note for figure in found)
    rates = {(f.dimensions["method"], f.dimensions["table"]): f.values for f in found if f.dimensions["indexes"] == "0"}
    assert np.median(rates["copy_binary", "heap"]) > 3 * np.median(rates["insert", "heap"])
    with connect_postgres(stack, application="test") as connection:
        there = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname = %s", (f"{schema_of(run_id)}_write",)
        ).fetchone()
    assert there == (0,)


def test_a_method_that_loses_rows_has_no_rate(stack: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from crossover.benchmark.write import methods

    schema = f"bench_write_{secrets.token_hex(4)}"
    with connect_postgres(stack, application="test", autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
        real = methods.copy_bytes
        monkeypatch.setattr(methods, "copy_bytes", lambda batches: real([batches[0].slice(1)]))
        with pytest.raises(CorruptData, match="500 rows written, 499 found"):
            write_once(connection, f"{schema}.t", Rung("copy_binary", 1, "heap"), make_rows(500, 1), 500)
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def test_a_rate_is_found_that_both_stores_hold(stack: Settings, run_id: str) -> None:
    text = write(run_id, "--parts", "rate", *LINE, *SEARCH)
    assert "sustained rate, both stores" in text
    (sustained,) = figures(stack, run_id, "sustained_rate")
    assert all(40 < rate < 450 for rate in sustained.values)
    acks = figures(stack, run_id, "ack_seconds")
    assert all(len(figure.values) >= 100 and min(figure.values) > 0 for figure in acks)


def test_freshness_cpu_and_bytes_of_one_run(stack: Settings, run_id: str) -> None:
    write(run_id, "--parts", "freshness,cpu,bytes", *LINE, "--background", "200")
    fresh = {figure.dimensions["store"]: figure for figure in figures(stack, run_id, "freshness")}
    assert set(fresh) == {"postgres", "lake"}
    assert len(fresh["postgres"].values) == len(fresh["lake"].values) >= 10
    assert 0 < np.median(fresh["postgres"].values) < np.median(fresh["lake"].values)

    cpu = {figure.dimensions["stage"]: figure.values[0] for figure in figures(stack, run_id, "cpu_seconds_per_million")}
    assert set(cpu) == {"generator", "ingest", "kafka", "load", "postgres", "stream", "hdfs"}
    assert all(seconds > 0 for seconds in cpu.values())

    size = {
        (f.dimensions["store"], f.dimensions["layout"]): f.values[0] for f in figures(stack, run_id, "bytes_per_record")
    }
    assert set(size) == {
        ("postgres", "heap"), ("postgres", "indexed"), ("lake", "fragmented"), ("lake", "compacted"), ("kafka", "log"),
    }  # fmt: skip
    assert size["postgres", "indexed"] > size["postgres", "heap"] > 100
    assert size["lake", "compacted"] < size["lake", "fragmented"] < size["postgres", "heap"]


def test_a_part_can_be_run_again_and_overwrites_its_figures(stack: Settings, run_id: str) -> None:
    write(run_id, "--parts", "methods", "--rows", "1000", "--repetitions", "1")
    assert {len(figure.values) for figure in figures(stack, run_id, "write_rate")} == {1}


def lock_is_held(dataset: str, stack: Settings) -> bool:
    """Looks only: to try the stream's lock, as stream_is_running does, could take it from a stream that starts."""
    with connect_postgres(stack, application="test") as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
            "AND objid::bigint = hashtext('crossover stream ' || %s)::bigint & 4294967295",
            (dataset,),
        ).fetchone()
    return bool(row and row[0])


def test_a_stop_in_the_midst_ends_the_stream_too(stack: Settings, new_dataset: Callable[[str], str]) -> None:
    name = new_dataset("writestop")
    command = [sys.executable, "-m", "crossover.cli", "benchmark", "write", "--run", name, "--parts", "rate"]
    process = subprocess.Popen([*command, "--dataset", name], stdout=subprocess.DEVNULL, env=os.environ)
    deadline = time.monotonic() + 120
    while not lock_is_held(name, stack):
        assert process.poll() is None, "it ended before its stream began"
        assert time.monotonic() < deadline, "no stream was started"
        time.sleep(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 143
    assert not stream_is_running(name, stack)
