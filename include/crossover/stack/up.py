"""`crossover up`: make what is missing, start each part as soon as what it needs works, wait until all of them work."""

import argparse
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from crossover.connections import spark_home
from crossover.errors import BadSetting, MissingPrerequisite, ServiceDown, ServiceTimeout
from crossover.settings import Settings
from crossover.stack import prepare
from crossover.stack.airflow_api import AirflowApi
from crossover.stack.health import checks, why_unhealthy
from crossover.stack.home import Home, open_home, port_is_free, who_listens
from crossover.stack.jars import fetch_jars
from crossover.stack.parts import Part, all_parts
from crossover.stack.supervision import Supervisor, end_strays, log_tail

log = logging.getLogger(__name__)

READY_SECONDS = 240


@dataclass(frozen=True)
class Step:
    """Something that `up` does once what it needs is done."""

    name: str
    needs: tuple[str, ...]
    run: Callable[[], None]


def find_java() -> str:
    """The java to use: of JAVA_HOME, else of PATH. Raises MissingPrerequisite."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java or not Path(java).is_file():
        raise MissingPrerequisite(
            "no Java found (neither JAVA_HOME nor PATH)", cure="install a Java 17 runtime or newer"
        )
    return java


def start_stack(settings: Settings) -> Home:
    """Bring the whole stack up and return its state folder. Safe to call on a running stack."""
    java, cores = find_java(), settings.benchmark.cores
    home = open_home(settings.home)
    started = time.monotonic()
    supervisor = Supervisor(home)
    if not supervisor.is_running():
        ended = end_strays(home)
        if ended:
            log.warning("ended %d processes that an earlier stack left behind", ended)
        _refuse_taken_ports(home)
    (home.path / "airflow").mkdir(exist_ok=True)
    parts = all_parts(home, java, cores)
    supervisor.begin(parts)
    run_graph(_steps(home, java, cores, parts, supervisor))
    AirflowApi(home.settings).ensure_pool("benchmark", slots=1, about="one benchmark at a time")
    log.info("the stack is up after %.0f s", time.monotonic() - started)
    return home


def _fetch_jars(home: Home, java: str) -> None:
    """The network is waited for while the processor prepares PostgreSQL and Airflow."""
    fetched = fetch_jars(home.jars, java, spark_home())
    if fetched:
        log.info("%d jars fetched and verified", fetched)


def _refuse_taken_ports(home: Home) -> None:
    from crossover.stack.home import PORTS

    taken = {name: home.port(name) for name in PORTS if not port_is_free(home.port(name))}
    if taken:
        rows = "; ".join(f"{name}={port} is held by {who_listens(port)}" for name, port in taken.items())
        raise BadSetting(
            f"ports of this stack are busy: {rows}",
            cure=f"stop that process, or change the port in {home.path / 'stack.env'}"
            " (not the NameNode's once the lake has tables: its address is in them)",
        )


def _steps(home: Home, java: str, cores: int, parts: list[Part], supervisor: Supervisor) -> list[Step]:
    health = checks(home)
    prepared = [
        Step("jars", (), lambda: _fetch_jars(home, java)),
        Step("postgres-files", (), lambda: prepare.postgres_files(home, cores)),
        Step("kafka-files", ("jars",), lambda: prepare.kafka_files(home, java)),
        Step("hdfs-files", ("jars",), lambda: prepare.hdfs_files(home, java)),
        Step("postgres-databases", ("postgres",), lambda: prepare.postgres_databases(home)),
        Step("main-dataset", ("postgres-databases", "kafka"), lambda: prepare.main_dataset(home)),
        Step("airflow-database", ("postgres-databases",), lambda: prepare.airflow_database(home, cores)),
    ]

    def starter(part: Part) -> Callable[[], None]:
        return lambda: _start_and_wait(part, home, supervisor, health[part.name])

    return prepared + [Step(part.name, part.needs, starter(part)) for part in parts]


def _start_and_wait(part: Part, home: Home, supervisor: Supervisor, check: Callable[[], None]) -> None:
    supervisor.start(part.name)
    deadline = time.monotonic() + READY_SECONDS
    while (reason := why_unhealthy(check)) is not None:
        if supervisor.state(part.name) in ("FATAL", "EXITED", "STOPPED"):
            tail = log_tail(home.log_file(part.name))
            raise ServiceDown(
                f"{part.name} ended while starting; the end of its log:\n{tail}", cure=f"see {home.log_file(part.name)}"
            )
        if time.monotonic() > deadline:
            raise ServiceTimeout(
                f"{part.name} is not ready after {READY_SECONDS} s: {reason}", cure=f"see {home.log_file(part.name)}"
            )
        time.sleep(0.5)


def run_graph(steps: list[Step]) -> None:
    """Run every step as soon as its needs are done, each in a thread; the first failure stops the waiting ones."""
    begun = time.monotonic()
    done: dict[str, threading.Event] = {step.name: threading.Event() for step in steps}
    failed = threading.Event()

    def work(step: Step) -> None:
        for need in step.needs:
            while not done[need].wait(0.2):
                if failed.is_set():
                    return
        started = time.monotonic()
        try:
            step.run()
        except BaseException:
            failed.set()
            raise
        done[step.name].set()
        log.info("%-22s ready at %5.1f s (%.1f s)", step.name, time.monotonic() - begun, time.monotonic() - started)

    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        futures: list[Future[None]] = [pool.submit(work, step) for step in steps]
        wait(futures, return_when=FIRST_EXCEPTION)
        for future in futures:
            if future.done() and (error := future.exception()) is not None:
                failed.set()
                raise error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options: what can be set is in stack.env and in the environment."""
    parser.set_defaults()


def run(arguments: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001
    """Start the stack and say where it is."""
    home = start_stack(settings)
    password = home.values["CROSSOVER_AIRFLOW__PASSWORD"]
    print(f"\n  Airflow UI  {home.settings.airflow.url}  user admin, password {password}")
    print("  crossover status tells more, crossover down stops it\n")
    return 0
