"""The entry point of the Spark image, run with a java that prints what it was given."""

import os
import subprocess
from pathlib import Path

import pytest

ENTRYPOINT = Path(__file__).resolve().parents[3] / "docker" / "entrypoint.sh"
EXECUTOR = {
    "SPARK_DRIVER_URL": "spark://CoarseGrainedScheduler@10.1.2.3:7078",
    "SPARK_EXECUTOR_ID": "2",
    "SPARK_EXECUTOR_CORES": "1",
    "SPARK_EXECUTOR_MEMORY": "700m",
    "SPARK_APPLICATION_ID": "spark-42",
    "SPARK_RESOURCE_PROFILE_ID": "0",
    "SPARK_EXECUTOR_POD_IP": "10.1.2.4",
    "SPARK_EXECUTOR_POD_NAME": "job-exec-2",
    "SPARK_CONF_DIR": "/opt/spark/conf",
    "SPARK_HOME": "/spark home",
    "CROSSOVER_SPARK__JARS": "/jars",
}


@pytest.fixture
def run(tmp_path: Path):
    """Run the entry point with programs that print their arguments, one a line."""
    for program in ("java", "tini"):
        file = tmp_path / program
        file.write_text(
            '#!/bin/sh\nprintf "%s\\n" "${0##*/}" "$@"\n' if program == "java" else '#!/bin/sh\nshift 2\nexec "$@"\n'
        )
        file.chmod(0o755)

    def start(*arguments: str, **environment: str) -> list[str]:
        own = {"PATH": f"{tmp_path}:{os.environ['PATH']}", **environment}
        command = ["sh", str(ENTRYPOINT), *arguments]
        return subprocess.run(command, env=own, capture_output=True, text=True, check=True).stdout.splitlines()

    return start


def test_executor_becomes_the_backend_with_everything_spark_told(run) -> None:
    printed = run("executor", **EXECUTOR)
    assert printed[:3] == ["java", "-Xms700m", "-Xmx700m"]
    assert printed[3:5] == ["-cp", "/opt/spark/conf:/spark home/jars/*:/jars/*"]
    assert printed[5] == "org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend"
    assert dict(zip(printed[6::2], printed[7::2], strict=True)) == {
        "--driver-url": EXECUTOR["SPARK_DRIVER_URL"],
        "--executor-id": "2",
        "--cores": "1",
        "--app-id": "spark-42",
        "--hostname": "10.1.2.4",
        "--resourceProfileId": "0",
        "--podName": "job-exec-2",
    }


def test_java_options_keep_the_order_of_their_numbers_and_their_spaces(run) -> None:
    options = {f"SPARK_JAVA_OPT_{n}": f"-Dn={n}" for n in (10, 2, 0, 1)}
    options["SPARK_JAVA_OPT_3"] = "-Dwords=two words; $HOME"
    printed = run("executor", **EXECUTOR, **options)
    assert printed[1:6] == ["-Dn=0", "-Dn=1", "-Dn=2", "-Dwords=two words; $HOME", "-Dn=10"]


def test_the_class_path_of_the_driver_comes_before_sparks_own(run) -> None:
    printed = run("executor", **EXECUTOR, SPARK_CLASSPATH="/extra/*")
    assert "/opt/spark/conf:/extra/*:/spark home/jars/*:/jars/*" in printed


def test_an_executor_that_was_not_told_its_driver_does_not_start(run) -> None:
    incomplete = {name: value for name, value in EXECUTOR.items() if name != "SPARK_DRIVER_URL"}
    with pytest.raises(subprocess.CalledProcessError) as failure:
        run("executor", **incomplete)
    assert "SPARK_DRIVER_URL" in failure.value.stderr


def test_any_other_command_runs_as_it_is(run) -> None:
    assert run("printf", "%s|", "a b", "executor") == ["a b|executor|"]
