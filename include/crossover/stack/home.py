"""The state folder of one local stack: its paths, the ports it chose and the passwords it made, kept in stack.env."""

import hashlib
import os
import pwd
import secrets
import shlex
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from crossover.errors import BadSetting
from crossover.settings import Settings, load_settings

# Name in stack.env, first port tried. The order is the order of `crossover status`.
PORTS = {
    "CROSSOVER_POSTGRES__PORT": 5432,
    "STACK_KAFKA_PORT": 9092,
    "STACK_KAFKA_CONTROLLER_PORT": 9192,
    "STACK_NAMENODE_PORT": 8020,
    "STACK_NAMENODE_HTTP_PORT": 9870,
    "STACK_DATANODE1_PORT": 9866,
    "STACK_DATANODE1_IPC_PORT": 9867,
    "STACK_DATANODE1_HTTP_PORT": 9864,
    "STACK_DATANODE2_PORT": 9876,
    "STACK_DATANODE2_IPC_PORT": 9877,
    "STACK_DATANODE2_HTTP_PORT": 9874,
    "STACK_SPARK_CONNECT_PORT": 15002,
    "STACK_AIRFLOW_PORT": 8088,
    "STACK_AIRFLOW_TRIGGERER_LOG_PORT": 8794,
    "STACK_AIRFLOW_WORKER_LOG_PORT": 8793,
    "CROSSOVER_INGEST__PORT": 8080,
    "CROSSOVER_LOAD__METRICS_PORT": 9101,
    "CROSSOVER_GENERATE__PORT": 8090,
}
SECRETS = (
    "CROSSOVER_POSTGRES__PASSWORD",
    "CROSSOVER_LAKE__CATALOG_PASSWORD",
    "CROSSOVER_AIRFLOW__PASSWORD",
    "STACK_POSTGRES_ADMIN_PASSWORD",
    "STACK_AIRFLOW_DATABASE_PASSWORD",
    "STACK_AIRFLOW_JWT_SECRET",
    "STACK_AIRFLOW_SECRET_KEY",
)
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Home:
    """Paths below the state folder, and what stack.env says."""

    path: Path
    values: dict[str, str]

    def port(self, name: str) -> int:
        """A port by its name in PORTS."""
        return int(self.values[name])

    def log_file(self, part: str) -> Path:
        """Where the part's output goes."""
        return self.path / "logs" / f"{part}.log"

    @property
    def conf(self) -> Path:
        """Configuration files, written anew at each start."""
        return self.path / "conf"

    @property
    def data(self) -> Path:
        """What the services keep, PostgreSQL's perhaps elsewhere."""
        return self.path / "data"

    @property
    def working(self) -> Path:
        """Working folder of every part, and of nobody else: the second mark by which strays are found."""
        return self.path / "data" / "working"

    @property
    def jars(self) -> Path:
        """The Java archives."""
        return self.path / "jars"

    @cached_property
    def run(self) -> Path:
        """Sockets and pid files: short, because a socket's path may have no more than 107 bytes."""
        digest = hashlib.sha256(str(self.path).encode()).hexdigest()[:10]
        return Path(tempfile.gettempdir()) / f"crossover-{os.getuid()}-{digest}"

    @cached_property
    def postgres_user(self) -> str | None:
        """The user that PostgreSQL runs as when we are root (it refuses root); None = ourselves."""
        if os.geteuid() != 0:
            return None
        known = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in known else "nobody"

    @cached_property
    def postgres_data(self) -> Path:
        """PostgreSQL's data folder: below the state folder unless that other user cannot get there."""
        if self.postgres_user is None or _can_enter(self.path, self.postgres_user):
            return self.data / "postgres"
        digest = hashlib.sha256(str(self.path).encode()).hexdigest()[:10]
        return Path("/var/lib") / f"crossover-{digest}" / "postgres"

    @property
    def settings(self) -> Settings:
        """Settings as every process of this stack sees them."""
        return load_settings(home=self.path)


def _can_enter(folder: Path, user: str) -> bool:
    command = ["test", "-x", str(folder)]
    return subprocess.run(command, user=user, check=False).returncode == 0


def open_home(path: Path) -> Home:
    """Read the state folder, or make it: free ports and fresh passwords are chosen once and kept."""
    file = path / "stack.env"
    if file.is_file():
        values = _read(file)
        # A folder that an earlier version has made knows nothing of what came later.
        added = {name: value for name, value in _addresses(values, path).items() if name not in values}
        if added:
            _write(file, values | added)
        return Home(path, values | added)
    for folder in ("conf", "data", "jars", "logs", "reports"):
        (path / folder).mkdir(parents=True, exist_ok=True)
    taken: set[int] = set()
    values = {name: str(_free_port(first, taken)) for name, first in PORTS.items()}
    values |= {name: secrets.token_urlsafe(24) for name in SECRETS}
    values |= _addresses(values, path)
    _write(file, values)
    return Home(path, values)


def _write(file: Path, values: dict[str, str]) -> None:
    partial = file.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text("".join(f"{key}={value}\n" for key, value in values.items()), encoding="utf-8")
    partial.replace(file)


def _read(file: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in file.read_text(encoding="utf-8").splitlines() if "=" in line)
    values = {key: value for key, _, value in pairs}
    absent = sorted((set(PORTS) | set(SECRETS)) - set(values))
    if absent:
        raise BadSetting(f"{file} lacks {', '.join(absent)}", cure="crossover down --purge, then start again")
    return values


def _addresses(values: dict[str, str], path: Path) -> dict[str, str]:
    """What follows from the ports, in the names that Settings reads."""
    restart = f"env CROSSOVER_HOME={shlex.quote(str(path))} {shlex.quote(sys.executable)} -m crossover.cli restart"
    name_node = f"hdfs://{HOST}:{values['STACK_NAMENODE_PORT']}"
    return {
        "CROSSOVER_KAFKA__BOOTSTRAP_SERVERS": f"{HOST}:{values['STACK_KAFKA_PORT']}",
        "CROSSOVER_LAKE__WAREHOUSE": f"{name_node}/warehouse",
        "CROSSOVER_LAKE__CHECKPOINTS": f"{name_node}/checkpoints",
        "CROSSOVER_LAKE__CATALOG_PORT": values["CROSSOVER_POSTGRES__PORT"],
        "CROSSOVER_SPARK__CONNECT_URL": f"sc://{HOST}:{values['STACK_SPARK_CONNECT_PORT']}",
        "CROSSOVER_SPARK__JARS": str(path / "jars" / "spark"),
        "CROSSOVER_BENCHMARK__RESTART_COMMAND": f"{restart} {{part}}",
        "CROSSOVER_AIRFLOW__URL": f"http://{HOST}:{values['STACK_AIRFLOW_PORT']}",
    }


def port_is_free(port: int) -> bool:
    """True if nothing listens on the loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port(first: int, taken: set[int]) -> int:
    """The first free port from `first` on, in steps of one; ports chosen for other parts are left alone."""
    wanted_by_others = set(PORTS.values()) - {first}
    for port in range(first, min(first + 2000, 65535)):
        if port not in taken and port not in wanted_by_others and port_is_free(port):
            taken.add(port)
            return port
    raise BadSetting(f"no free port from {first} on", cure="stop what listens there")


def who_listens(port: int) -> str:
    """A readable name of the process that has the port, as far as we may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return (
                    f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
                    if connection.pid
                    else "another user's process"
                )
    except psutil.Error:
        return "a process that cannot be looked at"
    return "nothing now"
