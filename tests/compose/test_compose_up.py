"""docker-compose.yaml brought up for real, DAG quickstart run in it over Airflow's REST API, and taken down.

Needs a docker engine (DOCKER_HOST or the default one) that holds the images of .env.example: `make images`.
"""

import json
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossover.benchmark.results import load_run
from crossover.connections import connect_postgres
from crossover.job import start_logging
from crossover.settings import Settings, load_settings
from crossover.stack.airflow_api import AirflowApi
from crossover.stack.demo import DAG, watch

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]
PARAMS = {"sizes": "5000,10000,20000", "events": 3000, "repetitions": 2, "warmups": 1}
SERVICES = 12
UP_SECONDS = 600


@contextmanager
def step(what: str) -> Iterator[None]:
    """One line when it begins, one with its time when it is done."""
    print(f"INFO: {what} ...", flush=True)
    started = time.monotonic()
    yield
    print(f"INFO: {what}: {time.monotonic() - started:.0f} s", flush=True)


def words(command: list[str], *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)


@dataclass(frozen=True)
class Container:
    """What the engine says of one service's container."""

    service: str
    state: str
    health: str
    exit_code: int

    @property
    def is_fine(self) -> bool:
        return self.health == "healthy" if self.health else (self.state, self.exit_code) == ("exited", 0)


class Compose:
    """One project of its own name on free ports."""

    def __init__(self, command: list[str], root: Path, env: Path, project: str) -> None:
        self.project, self.env = project, env
        self.command = [*command, "--project-directory", str(root), "--env-file", str(env), "-p", project]
        self.command += ["-f", str(root / "docker-compose.yaml")]

    def values(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.env.read_text().splitlines())

    def run(self, *verbs: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return words([*self.command, *verbs], timeout=timeout)

    def containers(self) -> list[Container]:
        ids = words(["docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={self.project}"]).stdout
        if not ids.split():
            return []
        found = json.loads(words(["docker", "inspect", *ids.split()]).stdout)
        return [
            Container(
                one["Config"]["Labels"]["com.docker.compose.service"],
                one["State"]["Status"],
                one["State"].get("Health", {}).get("Status", ""),
                one["State"]["ExitCode"],
            )
            for one in found
        ]


@pytest.fixture(scope="module")
def command() -> list[str]:
    """`docker compose`, or the older docker-compose. Skips without an engine."""
    if not shutil.which("docker") or words(["docker", "info"]).returncode:
        pytest.skip("no docker engine answers; set DOCKER_HOST")
    if words(["docker", "compose", "version"]).returncode == 0:
        return ["docker", "compose"]
    if not shutil.which("docker-compose"):
        pytest.skip("neither docker compose nor docker-compose is installed")
    return ["docker-compose"]


def free_ports(names: list[str]) -> dict[str, str]:
    """A free port for each name; all are held until all are chosen, so that no two are the same."""
    sockets = [socket.socket() for _ in names]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    chosen = {name: str(one.getsockname()[1]) for name, one in zip(names, sockets, strict=True)}
    for one in sockets:
        one.close()
    return chosen


@pytest.fixture(scope="module")
def compose(command: list[str], root: Path, example: dict[str, str], tmp_path_factory: pytest.TempPathFactory):
    """The project with an .env of its own; afterwards nothing of it is left."""
    images = {v for n, v in example.items() if n.endswith("_IMAGE") and n != "KAFKA_UI_IMAGE"}
    missing = sorted(image for image in images if words(["docker", "image", "inspect", image]).returncode)
    assert not missing, f"no image {', '.join(missing)}: make images"
    env = tmp_path_factory.mktemp("compose") / ".env"
    ports = free_ports([name for name in example if name.endswith("_PORT")])
    env.write_text("".join(f"{name}={port}\n" for name, port in ports.items()))
    assert words([str(root / "compose" / "make-env"), str(env)]).returncode == 0
    project = Compose(command, root, env, f"crossover-test-{secrets.token_hex(3)}")
    try:
        yield project
    finally:
        with step("docker compose down -v"):
            down = project.run("down", "-v", "--remove-orphans", timeout=180)
        assert down.returncode == 0, down.stderr[-2000:]
        assert not project.containers()
        left = words([
            "docker",
            "volume",
            "ls",
            "-q",
            "--filter",
            f"label=com.docker.compose.project={project.project}",
        ])
        assert not left.stdout.split()


@pytest.fixture(scope="module")
def running(compose: Compose) -> Compose:
    """Every service healthy, every one-shot done."""
    begun = time.monotonic()
    up = subprocess.Popen([*compose.command, "up", "-d"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    fine: set[str] = set()
    try:
        while time.monotonic() - begun < UP_SECONDS:
            now = compose.containers()
            for name in sorted({one.service for one in now if one.is_fine} - fine):
                print(f"INFO: {name} is fine after {time.monotonic() - begun:.0f} s", flush=True)
            fine |= {one.service for one in now if one.is_fine}
            if up.poll() not in (None, 0):
                break
            if up.poll() == 0 and all(one.is_fine for one in now):
                return compose
            time.sleep(2)  # the engine has no event for "all are healthy"
    finally:
        if up.poll() is None:
            up.terminate()
        said = up.communicate()[0]
    ill = [one for one in compose.containers() if not one.is_fine]
    logs = "\n".join(compose.run("logs", "--tail=15", "--no-color", one.service).stdout for one in ill)
    pytest.fail(f"not up after {time.monotonic() - begun:.0f} s: {ill}\n{said[-2000:]}\n{logs[-6000:]}")


@pytest.fixture(scope="module")
def settings(running: Compose) -> Settings:
    """The platform as a client on this machine sees it, by its published ports."""
    values = running.values()
    return load_settings(
        home=running.env.parent,
        postgres={"port": values["POSTGRES_PORT"], "password": values["CROSSOVER_PASSWORD"]},
        airflow={
            "url": f"http://127.0.0.1:{values['AIRFLOW_PORT']}",
            "password": values["AIRFLOW_ADMIN_PASSWORD"],
        },
    )


@pytest.fixture(scope="module")
def api(settings: Settings) -> AirflowApi:
    client = AirflowApi(settings)
    client.wait_for_dag(DAG)
    return client


@pytest.fixture(scope="module")
def run_id(settings: Settings, api: AirflowApi) -> str:
    """One green quickstart."""
    start_logging()
    with step("DAG quickstart"):
        triggered = api.trigger(DAG, PARAMS)
        state = watch(api, settings, triggered)
    logs = {
        task.task_id: api.log_text(DAG, triggered, task.task_id, task.try_number)[-2500:]
        for task in api.tasks(DAG, triggered)
        if task.state == "failed"
    }
    assert state == "success", logs
    return triggered


@pytest.fixture(scope="module")
def summary(api: AirflowApi, run_id: str) -> dict[str, str]:
    """What task report has left in XCom."""
    path = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/report/xcomEntries/return_value"
    value = api.call("GET", path).json()["value"]
    return json.loads(value) if isinstance(value, str) else value


def test_without_env_compose_says_what_to_do(command: list[str], root: Path, tmp_path: Path) -> None:
    empty = tmp_path / ".env"
    empty.touch()
    done = Compose(command, root, empty, "crossover-without-env").run("up", "-d")
    assert done.returncode != 0
    assert "run make compose-env" in done.stderr


def test_every_service_is_healthy_and_every_one_shot_is_done(running: Compose) -> None:
    fine = {one.service for one in running.containers() if one.is_fine}
    assert len(fine) == SERVICES + 4
    assert "kafka-ui" not in fine


def test_nothing_runs_as_root_or_writes_to_its_image(running: Compose) -> None:
    ids = words(["docker", "ps", "-q", "--filter", f"label=com.docker.compose.project={running.project}"]).stdout
    for one in json.loads(words(["docker", "inspect", *ids.split()]).stdout):
        assert one["HostConfig"]["ReadonlyRootfs"] is True
        assert one["HostConfig"]["CapDrop"] == ["ALL"]
        uid = words(["docker", "exec", one["Id"], "id", "-u"]).stdout.strip()
        assert uid not in {"", "0"}, one["Name"]


def test_both_stores_hold_the_same_records(settings: Settings, summary: dict[str, str]) -> None:
    with connect_postgres(settings, application="test") as connection:
        rows = connection.execute(
            "SELECT kind, acked, postgres, lake, lost, twice, equal FROM ledger_parity"
            " WHERE dataset = %s ORDER BY kind",
            (summary["run_id"],),
        ).fetchall()
    assert rows == [("events", 3000, 3000, 3000, 0, 0, True), ("logs", 20_000, 20_000, 20_000, 0, 0, True)]


def test_every_cell_is_measured_and_both_engines_agree(settings: Settings, summary: dict[str, str]) -> None:
    with connect_postgres(settings, application="test") as connection:
        result = load_run(connection, summary["run_id"])
    assert {cell.layout for cell in result.cells} == {"heap", "indexed", "fragmented", "compacted"}
    for cell in result.cells:
        assert cell.error is None, (cell.case, cell.engine, cell.error)
        assert cell.answers_agree is True, (cell.case, cell.engine)


def test_the_board_shows_the_report_to_those_who_are_logged_in(
    settings: Settings, api: AirflowApi, summary: dict[str, str]
) -> None:
    import httpx

    path = f"/crossover/runs/{summary['run_id']}"
    assert httpx.get(f"{settings.airflow.url}{path}").status_code == 401
    page = api.call("GET", path)
    assert page.status_code == 200
    assert summary["run_id"] in page.text


def test_data_and_results_survive_a_restart_of_the_stores(
    running: Compose, settings: Settings, summary: dict[str, str]
) -> None:
    with step("PostgreSQL, Kafka and HDFS made anew on their volumes"):
        again = running.run("up", "-d", "--force-recreate", "postgres", "kafka", "namenode", "datanode-1", timeout=240)
        assert again.returncode == 0, again.stderr[-2000:]
        wait_for(lambda: all(one.is_fine for one in running.containers()), seconds=240)
    with connect_postgres(settings, application="test") as connection:
        assert load_run(connection, summary["run_id"]).cells
    inside = "from crossover.connections import connect_spark; from crossover.settings import load_settings; "
    inside += f'print(connect_spark(load_settings()).table("lake.{summary["run_id"]}.logs").count())'
    counted = running.run("exec", "-T", "airflow-scheduler", "python", "-c", inside, timeout=120)
    assert counted.stdout.split()[-1:] == ["20000"], counted.stderr[-2000:]


def wait_for(condition: Callable[[], bool], *, seconds: float) -> None:
    """Raise AssertionError unless it comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(2)
