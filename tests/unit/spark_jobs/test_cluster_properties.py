"""What follows from the Spark master, and that a driver without executors does not wait for ever."""

import stat
import threading
from pathlib import Path

import pytest

from crossover.errors import BadSetting, ServiceError, ServiceTimeout
from crossover.settings import Settings, load_settings
from spark_jobs.cluster import driver_environment, driver_properties, own_address, write_properties
from spark_jobs.connect_server import server_properties
from spark_jobs.session import wait_for_executors

POD = {"name": "stream-1", "namespace": "logs", "ip": "10.1.2.3"}
KUBERNETES = "k8s://https://kubernetes.default.svc"


def on(master: str, **spark: object) -> Settings:
    return Settings(spark={"master": master, **spark}, pod=POD, lake={"hdfs_user": "stream"})


def test_a_local_driver_listens_on_loopback_and_has_no_executors() -> None:
    properties = driver_properties(Settings(spark={"master": "local[2]"}))
    assert properties["spark.driver.host"] == properties["spark.driver.bindAddress"] == "127.0.0.1"
    assert not [
        name for name in properties if name.startswith(("spark.executor.inst", "spark.kubernetes", "spark.cores"))
    ]
    assert properties["spark.ui.enabled"] == "false"


def test_on_kubernetes_the_driver_is_reached_by_its_pods_address_and_owns_its_executors() -> None:
    properties = driver_properties(
        on(KUBERNETES, executors=3, executor_cpu_request="100m", executor_template="/t.yaml")
    )
    expected = {
        "spark.master": KUBERNETES,
        "spark.driver.host": "10.1.2.3",
        "spark.driver.bindAddress": "0.0.0.0",
        "spark.driver.port": "7078",
        "spark.blockManager.port": "7079",
        "spark.driver.blockManager.port": "7079",
        "spark.kubernetes.namespace": "logs",
        "spark.kubernetes.driver.pod.name": "stream-1",
        "spark.kubernetes.executor.podNamePrefix": "stream-1",
        "spark.kubernetes.executor.podTemplateFile": "/t.yaml",
        "spark.kubernetes.executor.disableConfigMap": "true",
        "spark.kubernetes.executor.request.cores": "100m",
        "spark.kubernetes.container.image": Settings().jobs.image_spark,
        "spark.kubernetes.executor.label.app.kubernetes.io/component": "spark-executor",
        "spark.dynamicAllocation.enabled": "false",
        "spark.executor.instances": "3",
        "spark.executorEnv.HADOOP_USER_NAME": "stream",
    }
    assert {name: properties[name] for name in expected} == expected


def test_a_standalone_master_gives_as_many_cores_as_the_executors_have() -> None:
    properties = driver_properties(on("spark://one:7077,two:7077", executors=3, executor_cores=2))
    assert properties["spark.cores.max"] == "6"
    assert properties["spark.driver.host"] == "10.1.2.3"
    assert not [name for name in properties if name.startswith("spark.kubernetes")]


def test_without_a_pod_the_driver_takes_the_address_on_the_way_to_the_master() -> None:
    assert driver_properties(Settings(spark={"master": "spark://127.0.0.1:7077"}))["spark.driver.host"] == "127.0.0.1"
    with pytest.raises(BadSetting, match="no way to the Spark master"):
        own_address("no such host")


def test_on_yarn_the_driver_stays_here_and_names_itself() -> None:
    properties = driver_properties(Settings(spark={"master": "yarn", "executors": 4}))
    assert properties["spark.master"] == "yarn"
    assert properties["spark.submit.deployMode"] == "client"
    assert properties["spark.executor.instances"] == "4"
    assert "spark.driver.host" not in properties


@pytest.mark.parametrize("master", ["local", "local[0]", "k8s://", "kubernetes", "spark://host", "Yarn", "mesos://h:1"])
def test_an_unknown_master_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, master: str) -> None:
    monkeypatch.setenv("CROSSOVER_SPARK__MASTER", master)
    with pytest.raises(BadSetting, match=r"CROSSOVER_SPARK__MASTER: .*spark://HOST:PORT"):
        load_settings(home=tmp_path)


@pytest.mark.parametrize("master", ["local[1]", "local[*]", "k8s://https://10.0.0.1:6443", "spark://a:1,b:2", "yarn"])
def test_known_masters_are_taken(master: str) -> None:
    assert Settings(spark={"master": master}).spark.on_cluster is not master.startswith("local")


def test_the_drivers_environment_names_the_hdfs_user_and_forgets_a_parents_connect_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPARK_REMOTE", "sc://elsewhere")
    environment = driver_environment(on(KUBERNETES))
    assert environment["HADOOP_USER_NAME"] == "stream"
    assert "SPARK_REMOTE" not in environment
    assert "HADOOP_USER_NAME" not in driver_environment(Settings())


def test_properties_with_passwords_are_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "conf" / "driver.properties"
    file.parent.mkdir()
    file.write_text("left by somebody else")
    file.chmod(0o644)
    write_properties({"spark.sql.catalog.lake.jdbc.password": "back\\slash"}, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == "spark.sql.catalog.lake.jdbc.password back\\\\slash\n"


def test_the_driver_goes_on_when_the_last_executor_has_registered() -> None:
    counts = iter((0, 1, 2))
    wait_for_executors(on(KUBERNETES, executors=2), lambda: next(counts), threading.Event())
    assert next(counts, None) is None


def test_a_driver_without_executors_ends_and_tells_where_to_look() -> None:
    settings = on(KUBERNETES, executors=2, executor_wait_seconds=0.1)
    with pytest.raises(ServiceTimeout, match="1 of 2 executors") as caught:
        wait_for_executors(settings, lambda: 1, threading.Event())
    assert "kubectl -n logs describe pods -l app.kubernetes.io/component=spark-executor" in caught.value.cure


def test_waiting_for_executors_ends_when_the_job_is_to_stop() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ServiceError, match="stopped"):
        wait_for_executors(on(KUBERNETES), lambda: 0, stop)


@pytest.mark.parametrize(("url", "address"), [("sc://127.0.0.1:15002", "127.0.0.1"), ("sc://server:15002", "0.0.0.0")])
def test_the_connect_server_listens_beyond_loopback_only_when_clients_are_elsewhere(url: str, address: str) -> None:
    properties = server_properties(Settings(spark={"connect_url": url}))
    assert properties["spark.connect.grpc.binding.address"] == address
    assert properties["spark.connect.grpc.binding.port"] == "15002"


def test_a_connect_server_on_a_cluster_must_show_what_its_executors_do() -> None:
    with pytest.raises(BadSetting, match="REST API") as caught:
        server_properties(on(KUBERNETES))
    assert "CROSSOVER_SPARK__UI_PORT" in caught.value.cure


def test_a_connect_address_without_a_port_is_refused() -> None:
    with pytest.raises(BadSetting, match="no sc://HOST:PORT"):
        server_properties(Settings(spark={"connect_url": "http://server"}))
