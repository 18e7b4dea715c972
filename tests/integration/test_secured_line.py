"""The whole line with a principal for each job, TLS and SCRAM, on a standalone Spark cluster with two executors."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from crossover.access.command import as_principal
from crossover.connections import connect_postgres, spark_home
from crossover.settings import Settings, checkout
from tests.integration.secured import free_port, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.secured, pytest.mark.timeout(1800)]

STREAM = (sys.executable, "-m", "spark_jobs.stream_logs", "--dataset", "main")
CONNECT = (sys.executable, "-m", "spark_jobs.connect_server")
LOGS, EVENTS = 2000, 200


@dataclass(frozen=True)
class Cluster:
    """A standalone master with one worker of four cores, which need not be real ones."""

    settings: Settings
    master: str
    work: Path
    ingest_port: int
    connect_port: int
    ui_port: int

    def environment(self, principal: str, **more: str) -> dict[str, str]:
        """What a pod of this principal gets."""
        settings, lake = self.settings, self.settings.lake
        granted = settings.access.passwords.get(principal)
        password = granted.get_secret_value() if granted else ""
        values = {
            "POSTGRES__USER": principal, "POSTGRES__PASSWORD": password, "POSTGRES__SSLMODE": settings.postgres.sslmode,
            "POSTGRES__CA_FILE": settings.postgres.ca_file,
            "KAFKA__USER": principal, "KAFKA__PASSWORD": password, "KAFKA__CA_FILE": settings.kafka.ca_file,
            "KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
            "LAKE__CATALOG_PASSWORD": lake.catalog_password.get_secret_value(),
            "LAKE__CATALOG_SSLMODE": lake.catalog_sslmode, "LAKE__CATALOG_CA_FILE": lake.catalog_ca_file,
            "LAKE__HDFS_USER": principal if principal in ("stream", "connect") else "",
            "INGEST__PORT": self.ingest_port, "LOAD__METRICS_PORT": free_port(),
            "SPARK__MASTER": self.master, "SPARK__EXECUTORS": 2, "SPARK__EXECUTOR_MEMORY": "512m",
            "SPARK__JARS": settings.spark.jars, "SPARK__CONNECT_URL": f"sc://127.0.0.1:{self.connect_port}",
            "SPARK__UI_URL": f"http://127.0.0.1:{self.ui_port}", "STREAM__MAX_OFFSETS_PER_TRIGGER": 4,
        }  # fmt: skip
        own = {f"CROSSOVER_{name}": str(value) for name, value in values.items()} | more
        return {**os.environ, **own, "CROSSOVER_HOME": str(settings.home), "PYTHONPATH": str(checkout())}

    def run(self, principal: str, *command: str, expect: int = 0, **more: str) -> str:
        """Run a job to its end; its log."""
        done = subprocess.run(
            command, env=self.environment(principal, **more), cwd=self.work, capture_output=True, text=True,
            check=False, timeout=900,
        )  # fmt: skip
        assert done.returncode == expect, done.stdout[-4000:] + done.stderr[-4000:]
        assert not [
            p for p in self.settings.access.passwords.values() if p.get_secret_value() in done.stdout + done.stderr
        ]
        return done.stdout

    def crossover(self, principal: str, *words: str) -> str:
        """Run `crossover ...`."""
        return self.run(principal, sys.executable, "-m", "crossover.cli", *words)

    @contextmanager
    def serving(self, principal: str, *command: str, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A process that lives as long as the block."""
        log = (self.work / f"{principal}.log").open("w")
        process = subprocess.Popen(
            command, env=self.environment(principal, **more), cwd=self.work, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(40)
            log.close()


@pytest.fixture(scope="module")
def cluster(secured: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    work, port = tmp_path_factory.mktemp("spark"), free_port()
    master = f"spark://127.0.0.1:{port}"
    program = str(spark_home() / "bin" / "spark-class")
    deploy = "org.apache.spark.deploy"
    commands = [
        [f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port())],
        [f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--cores", "4", "--memory", "4g", "--work-dir", str(work),
         "--webui-port", str(free_port()), master],
    ]  # fmt: skip
    environment = {**os.environ, "SPARK_HOME": str(spark_home()), "SPARK_DAEMON_MEMORY": "256m"}
    processes = []
    try:
        for command in commands:
            with (work / f"{command[0].rpartition('.')[2]}.log").open("w") as log:
                processes.append(subprocess.Popen([program, *command], env=environment, stdout=log, stderr=log))
        wait_until("the worker", lambda: "Successfully registered" in (work / "Worker.log").read_text())
        yield Cluster(secured, master, work, free_port(), free_port(), free_port())
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Cluster:
    """Records sent by `generator` through `ingest`, copied by `load`."""
    crossover = (sys.executable, "-m", "crossover.cli")
    with ExitStack() as stack:
        stack.enter_context(cluster.serving("ingest", *crossover, "ingest"))
        stack.enter_context(cluster.serving("load", *crossover, "load"))
        url = f"http://127.0.0.1:{cluster.ingest_port}/api/collect/health"
        wait_until("ingest", lambda: _up(url))
        count = ("--logs", str(LOGS), "--events", str(EVENTS), "--span-days", "2", "--batch", "250")
        cluster.crossover("generator", "generate", *count, "--broken-rate", "0.01")
        wait_until("the loader", lambda: _rows(cluster) == LOGS)
    return cluster


def _up(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def _rows(cluster: Cluster) -> int:
    with connect_postgres(as_principal(cluster.settings, "maintenance"), application="test") as connection:
        row = connection.execute("SELECT count(*) FROM main.logs").fetchone()
    return int(row[0]) if row else 0


def _executors_that_ran(work: Path) -> int:
    return sum("Running task" in log.read_text(errors="replace") for log in work.glob("app-*/*/stderr"))


@pytest.fixture(scope="module")
def streamed(filled: Cluster) -> Cluster:
    filled.run("stream", *STREAM, "--mode", "available-now")
    return filled


def test_the_stream_runs_in_executors(streamed: Cluster) -> None:
    assert _executors_that_ran(streamed.work) == 2


def test_a_driver_whose_executors_do_not_come_says_so_and_ends(filled: Cluster) -> None:
    more = {"CROSSOVER_SPARK__EXECUTORS": "9", "CROSSOVER_SPARK__EXECUTOR_WAIT_SECONDS": "8"}
    text = filled.run("stream", *STREAM, expect=3, **more)
    assert "of 9 executors have registered with the driver after 8 s" in text
    assert "cure: look at the workers" in text


def test_sigterm_ends_the_stream_cleanly_and_frees_its_executors(streamed: Cluster) -> None:
    log = streamed.work / "stopped.log"
    with log.open("w") as out:
        stream = subprocess.Popen(
            (*STREAM, "--mode", "continuous"), env=streamed.environment("stream"), cwd=streamed.work, stdout=out,
            stderr=out, start_new_session=True,
        )  # fmt: skip
        wait_until("the stream", lambda: "stream of main" in log.read_text())
        started = time.monotonic()
        os.killpg(stream.pid, signal.SIGTERM)
        assert stream.wait(60) == 0, log.read_text()[-4000:]
    print(f"stopped in {time.monotonic() - started:.1f} s")
    wait_until("the executors' end", lambda: not _executors(), 20)


def _executors() -> list[int]:
    found = subprocess.run(("pgrep", "-f", "CoarseGrainedExecutorBackend"), capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def test_ledger_compaction_and_benchmark_work_as_their_principals_and_the_executors_share_the_work(
    streamed: Cluster,
) -> None:
    more = {"CROSSOVER_SPARK__UI_PORT": str(streamed.ui_port), "CROSSOVER_SPARK__DRIVER_MEMORY": "1g"}
    with streamed.serving("connect", *CONNECT, **more):
        log = streamed.work / "connect.log"
        wait_until("Spark Connect", lambda: "all 2 executors have registered" in log.read_text())
        assert f"{LOGS:,}" in streamed.crossover("maintenance", "ledger", "--no-stream")
        ladder = ("--sizes", str(LOGS), "--cases", "group_by_service", "--repetitions", "5")
        layouts = ("--layouts", "fragmented,compacted")
        text = streamed.crossover("benchmark", "benchmark", "run", "--run", "line", *ladder, *layouts)
        assert "Spark: 2 executors (" in text
        now = ("--now", "2027-01-01T00:00:00+00:00")
        assert "holds what its parent held" in streamed.crossover("maintenance", "compact", "--min-files", "2", *now)
        streamed.crossover("benchmark", "benchmark", "drop", "line")
    with connect_postgres(as_principal(streamed.settings, "benchmark"), application="test") as connection:
        row = connection.execute("SELECT environment FROM benchmark_run WHERE run_id = 'line'").fetchone()
    assert row is not None
    assert row[0]["spark workers, fragmented, compacted"].startswith("2 executors (")
