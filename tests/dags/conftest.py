"""An Airflow of the tests' own: SQLite in a temporary folder, the house's DAGs and plugins, and trial DAGs."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(tempfile.mkdtemp(prefix="crossover-airflow-"))
BUNDLES = [
    {"name": name, "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle", "kwargs": {"path": str(path)}}
    for name, path in (("trials", ROOT / "tests" / "dags" / "trial_dags"), ("house", ROOT / "dags"))
]

# Airflow reads these at its first import, so a fixture would be too late.
os.environ.update({
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(BUNDLES),
    "AIRFLOW__API__BASE_URL": "http://localhost:8088/behind/a/proxy",
    "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-the-tests-" * 4,
    "AIRFLOW_CONN_KUBERNETES_DEFAULT": json.dumps({"conn_type": "kubernetes"}),
})


@pytest.fixture(scope="session", autouse=True)
def airflow_database():
    from airflow.utils.db import initdb

    initdb()
    yield
    shutil.rmtree(HOME)


@pytest.fixture(autouse=True)
def settings_of_the_test(monkeypatch, tmp_path):
    """No setting of a running stack reaches a test."""
    for name in [name for name in os.environ if name.startswith("CROSSOVER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CROSSOVER_HOME", str(tmp_path))


@pytest.fixture(scope="session")
def house(airflow_database):
    """The DagBag of the house's DAGs."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(ROOT / "dags", bundle_path=ROOT / "dags", bundle_name="house")
