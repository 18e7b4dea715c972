"""The chart in a namespace of its own on a real cluster, for the whole session.

Any KUBECONFIG will do; without one, a machine that has ../shared/k8s beside the checkout starts its own cluster.
Knobs: CROSSOVER_TEST_LOAD (see release.py), CROSSOVER_TEST_NAMESPACE (use what is installed there), CROSSOVER_TEST_KEEP
(leave the namespace).
"""

import json
import os
import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import psycopg
import pytest
from pydantic import SecretStr

from crossover.benchmark.results import Run, load_run
from crossover.connections import connect_postgres
from crossover.errors import ServiceDown
from crossover.job import start_logging
from crossover.settings import Airflow, Postgres, Settings
from crossover.stack.airflow_api import AirflowApi
from tests.kubernetes import release
from tests.kubernetes.cluster import Cluster, environment, log, step
from tests.kubernetes.dagrun import DagRun

Answer = TypeVar("Answer")
TOLD = pytest.StashKey[set[tuple[str, Path]]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the cluster; what reads all that was said comes last."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.kubernetes)
        item.add_marker(pytest.mark.timeout(2400))
    items.sort(key=lambda item: "canary" in item.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """What the cluster looks like when a test fails; once for all tests that need the same failed run."""
    report = yield
    cluster = getattr(item, "funcargs", {}).get("cluster")
    told = item.session.stash.setdefault(TOLD, set())
    if report.failed and cluster is not None and (report.when, item.path) not in told:
        told.add((report.when, item.path))
        log.error("%s failed; the cluster:\n%s", item.name, cluster.diagnosis())
    return report


def start_cluster() -> str:
    """Start the machine's cluster; what the command told.

    One that is up is stopped first (its state stays): `up` writes the configuration files anew, at which a running
    kube-proxy ends, and from then on no new Service is ever reached.
    """
    if any("kube-proxy" in command_line(process) for process in psutil.process_iter()):
        release.run([str(release.MACHINE / "down")])
    return release.run([str(release.MACHINE / "up")])


def command_line(process: psutil.Process) -> list[str]:
    """Empty when the process is gone, or a zombie."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="session")
def kubernetes() -> None:
    """A cluster that answers; KUBECONFIG is set."""
    start_logging()
    if not environment("KUBECONFIG") and (release.MACHINE / "up").is_file():
        with step("cluster up"):
            told = start_cluster()
        # Its last words are `export NAME=VALUE ...`.
        for word in shlex.split(told.rpartition("export ")[2]):
            name, _, value = word.partition("=")
            os.environ[name] = os.path.expandvars(value)
    done = subprocess.run(["kubectl", "version", "-o", "json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"no cluster answers (set KUBECONFIG): {done.stderr.strip()}"
    log.info("Kubernetes %s", json.loads(done.stdout)["serverVersion"]["gitVersion"])


@pytest.fixture(scope="session")
def installed(kubernetes: None) -> Iterator[tuple[Cluster, release.Secrets]]:
    """Images, namespace, Secrets, chart."""
    there = environment("CROSSOVER_TEST_NAMESPACE")
    cluster = Cluster(there or f"crossover-test-{secrets.token_hex(3)}")
    if there:
        cluster.watch_pods()
        yield cluster, release.secrets_of(cluster)
        return
    release.load_images()
    with release.installed(cluster) as made:
        yield cluster, made


@pytest.fixture(scope="session")
def cluster(installed: tuple[Cluster, release.Secrets]) -> Cluster:
    """The namespace that the chart is installed in."""
    return installed[0]


@pytest.fixture(scope="session")
def secret_values(installed: tuple[Cluster, release.Secrets]) -> release.Secrets:
    """The Secrets of the release."""
    return installed[1]


@pytest.fixture(scope="session")
def settings(
    cluster: Cluster, secret_values: release.Secrets, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Airflow and PostgreSQL of the cluster as they are reached from here."""
    ca = tmp_path_factory.mktemp("ca") / "ca.crt"
    ca.write_text(secret_values.values["crossover-ca"]["ca.crt"], encoding="utf-8")
    admin = json.loads(secret_values.values["crossover-airflow-users"]["passwords.json"])["admin"]
    superuser = secret_values.values["crossover-postgres"]["POSTGRES_PASSWORD"]
    with (
        cluster.forward("svc/crossover-airflow-api", 8080) as airflow,
        cluster.forward("svc/crossover-postgres", 5432) as postgres,
    ):
        yield Settings(
            _env_file=None,
            airflow=Airflow(url=f"http://127.0.0.1:{airflow}", password=SecretStr(admin)),
            postgres=Postgres(
                host="localhost",
                port=postgres,
                user="postgres",
                password=SecretStr(superuser),
                sslmode="verify-full",
                ca_file=ca,
            ),
        )


class PatientApi(AirflowApi):
    """Asks again while a port forward is being opened anew: kubectl ends one with the first broken connection."""

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """As the parent's, for some seconds."""
        return patiently(lambda: super(PatientApi, self).call(method, path, **options))


def patiently(ask: Callable[[], Answer]) -> Answer:
    """What `ask` returns, asked again for half a minute while nothing answers."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return ask()
        # The second: a forward that ended between the connection and the answer.
        except (ServiceDown, psycopg.OperationalError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


@pytest.fixture(scope="session")
def api(settings: Settings) -> AirflowApi:
    """Airflow's REST API as the user admin."""
    return PatientApi(settings)


@pytest.fixture(scope="session")
def runs() -> list[DagRun]:
    """Every DAG run of this session."""
    return []


@pytest.fixture(scope="session")
def trigger(api: AirflowApi, runs: list[DagRun]) -> Callable[..., DagRun]:
    """Start a DAG run with these params."""

    def start(dag_id: str, **conf: Any) -> DagRun:
        runs.append(DagRun(api, dag_id, conf))
        return runs[-1]

    return start


@pytest.fixture(scope="session")
def rows(settings: Settings) -> Callable[..., list[tuple[Any, ...]]]:
    """Rows of a query in the cluster's PostgreSQL, as its superuser."""

    def query(text: str, *values: Any) -> list[tuple[Any, ...]]:
        def ask() -> list[tuple[Any, ...]]:
            with connect_postgres(settings, application="test") as connection:
                return connection.execute(text.encode(), values).fetchall()

        return patiently(ask)

    return query


@pytest.fixture(scope="session")
def results(settings: Settings) -> Callable[[str], Run]:
    """A benchmark run as the cluster's tables hold it."""

    def load(run_id: str) -> Run:
        def ask() -> Run:
            with connect_postgres(settings, application="test") as connection:
                return load_run(connection, run_id)

        return patiently(ask)

    return load
