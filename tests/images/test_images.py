"""What is in the built images, what is not, and that each does its work read-only and without rights."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.images

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
USERS = {
    "app": ("10001:10001", "crossover"),
    "spark": ("10001:10001", "crossover"),
    "airflow": ("50000:0", "airflow"),
    "airflow-local": ("50000:0", "airflow"),
}

ICEBERG = """
import os, sys
from pyspark.sql import SparkSession
import spark_jobs.stream_logs, spark_jobs.session
jars = os.environ["CROSSOVER_SPARK__JARS"]
builder = SparkSession.builder.master("local[1]")
builder = builder.config("spark.driver.extraClassPath", f"{jars}/*")
for key, value in {
    "spark.ui.enabled": "false",
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.catalog.t": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.t.type": "hadoop",
    "spark.sql.catalog.t.warehouse": "/tmp/warehouse",
}.items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
spark.sql("CREATE TABLE t.db.n USING iceberg AS SELECT id FROM range(1000)")
rows = spark.table("t.db.n").rdd.map(lambda row: row.id * 2).sum()
loaded = [spark._jvm.java.lang.Class.forName(name).getSimpleName() for name in (
    "org.apache.spark.sql.kafka010.KafkaSourceProvider", "org.postgresql.Driver",
    "org.apache.spark.sql.connect.service.SparkConnectServer",
    "org.apache.spark.scheduler.cluster.k8s.KubernetesClusterManager")]
print("RESULT", rows, *loaded)
"""

DAGS = """
from airflow.dag_processing.dagbag import DagBag
from airflow.plugins_manager import get_import_errors
bag = DagBag("/opt/crossover/dags")
print("DAGS", sorted(bag.dags), bag.import_errors)
from crossover_airflow.operators import POD_TEMPLATES
print("PODS", sorted(path.stem for path in POD_TEMPLATES.glob("*.yaml")))
"""


@pytest.mark.parametrize("target", USERS)
def test_image_says_what_it_is_and_who_runs_it(engine, image, target: str) -> None:
    config = engine.inspect(image(target))["Config"]
    assert config["User"] == USERS[target][0]
    assert config["Labels"]["org.opencontainers.image.title"] == f"crossover-{target}"
    assert config["Labels"]["org.opencontainers.image.version"] == VERSION
    assert config["Labels"]["org.opencontainers.image.description"]


@pytest.mark.parametrize("target", USERS)
def test_the_command_line_works_read_only_and_without_rights(engine, image, target: str) -> None:
    script = "id -un; touch /opt/crossover/x 2>/dev/null && echo written; crossover --help"
    said = engine.run(image(target), "-c", script, entrypoint="sh").splitlines()
    assert said[0] == USERS[target][1]
    assert "written" not in said
    assert said[1].startswith("usage: crossover COMMAND")


@pytest.mark.parametrize("target", USERS)
def test_no_secret_no_history_no_state_and_no_build_tool_is_inside(engine, image, target: str) -> None:
    name = image(target)
    unwanted = " -o ".join(f"-name '{file}'" for file in (".git", ".crossover", "stack.env", ".env", "conftest.py"))
    script = (
        f"find /opt/crossover /home /tmp /mnt -xdev \\( {unwanted} \\); "
        "ls -d /opt/tools/* /mnt/cache/* /opt/crossover/tests 2>/dev/null; command -v gcc make"
    )
    found = engine.call("run", "--rm", "--user", "0", "--entrypoint", "sh", name, "-c", script, check=False).stdout
    assert [line for line in found.splitlines() if "/site-packages/" not in line] == []
    config = engine.inspect(name)["Config"]
    words = [
        *config["Env"],
        *engine.call("history", "--no-trunc", "--format", "{{.CreatedBy}}", name).stdout.splitlines(),
    ]
    assert not [word for word in words if re.search(r"(PASSWORD|SECRET|TOKEN|FERNET_KEY)\w*=", word)]


def test_app_has_no_java_no_airflow_and_no_spark_but_its_client(engine, image) -> None:
    script = (
        "import importlib.util as u, pathlib, shutil; spark = pathlib.Path(u.find_spec('pyspark').origin).parent; "
        "print(shutil.which('java'), u.find_spec('airflow'), u.find_spec('spark_jobs'), (spark / 'jars').exists(), "
        "(spark / 'sql' / 'connect').is_dir(), shutil.which('pgrep'))"
    )
    assert engine.run(image("app"), "python", "-c", script).split() == [
        "None",
        "None",
        "None",
        "False",
        "True",
        "/usr/bin/pgrep",
    ]


def test_app_and_spark_share_the_layers_below_the_wheel(engine, image) -> None:
    app, spark = (engine.inspect(image(target))["RootFS"]["Layers"] for target in ("app", "spark"))
    assert app[:-2] == spark[: len(app) - 2], "all but the wheel and the working folder"


@pytest.mark.parametrize("target", ["spark", "airflow-local"])
def test_a_spark_session_writes_and_reads_iceberg_read_only(engine, image, target: str) -> None:
    said = engine.run(image(target), "-", text=ICEBERG, entrypoint="python")
    expected = "RESULT 999000 KafkaSourceProvider Driver SparkConnectServer KubernetesClusterManager"
    assert expected in said.splitlines()


def test_spark_image_starts_an_executor_by_its_entry_point(engine, image) -> None:
    names = (
        "DRIVER_URL",
        "EXECUTOR_ID",
        "APPLICATION_ID",
        "RESOURCE_PROFILE_ID",
        "EXECUTOR_POD_IP",
        "EXECUTOR_POD_NAME",
    )
    told = {f"SPARK_{name}": "x" for name in names} | {"SPARK_EXECUTOR_CORES": "1", "SPARK_EXECUTOR_MEMORY": "64m"}
    environment = [word for name, value in told.items() for word in ("--env", f"{name}={value}")]
    done = engine.call("run", "--rm", "--read-only", *environment, image("spark"), "executor", check=False)
    # The backend is found and reads its arguments; no driver has the address x.
    assert "KubernetesExecutorBackend" in done.stderr + done.stdout
    assert "ClassNotFoundException" not in done.stderr
    assert done.returncode != 0


@pytest.mark.parametrize("target", ["airflow", "airflow-local"])
def test_airflow_loads_the_dags_the_plugin_and_the_pod_templates_read_only(engine, image, target: str) -> None:
    said = engine.run(image(target), "-", text=DAGS, entrypoint="python").splitlines()
    dags = sorted(path.stem for path in (ROOT / "dags").glob("*.py"))
    pods = sorted(path.stem for path in (ROOT / "include" / "pods").glob("*.yaml"))
    assert f"DAGS {dags} {{}}" in said
    assert f"PODS {pods}" in said


def test_airflow_answers_on_a_read_only_root_without_a_configuration_of_its_own(engine, image) -> None:
    said = engine.run(image("airflow"), "config", "get-value", "core", "dags_folder", entrypoint="airflow")
    assert said.split()[-1] == "/opt/crossover/dags"


def test_a_build_sees_no_secret_that_lies_in_the_checkout(engine, image, tmp_path: Path) -> None:
    base = image("app")
    shutil.copy(ROOT / ".dockerignore", tmp_path)
    hidden = (".crossover/stack.env", ".env", ".git/config", "include/a.pyc", "include/a/__pycache__/b", "helm/a.yaml")
    for name in (*hidden, "tests/unit/test_a.py", "notes.txt"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("canary-4711")
    wanted = tmp_path / "dags" / "a.py"
    wanted.parent.mkdir()
    wanted.write_text("")
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\nCOPY . /context\n")
    tag = "crossover-context-test:1"
    engine.call("build", "--quiet", "--tag", tag, "--file", str(tmp_path / "Dockerfile"), str(tmp_path))
    try:
        assert engine.run(tag, "find", "/context", "-type", "f").split() == ["/context/dags/a.py"]
    finally:
        engine.call("image", "rm", tag)
