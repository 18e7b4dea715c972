"""Rules that docker-compose.yaml keeps; no engine is needed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
ONCE = {"volumes", "databases", "setup", "airflow-migrate"}
EVERY_SERVICE = pytest.mark.parametrize("name", SERVICES)
VARIABLE = re.compile(r"\$\{([A-Z_]+)([^}]*)\}")
SECRET = re.compile(r"PASSWORD|SECRET|FERNET|TOKEN")
ADDRESS_WITH_PASSWORD = re.compile(r"://[^/@\s]*:([^@\s]+)@")


def strings(node: Any) -> Iterator[str]:
    """Every text in a part of the file."""
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif node is not None:
        yield str(node)


def started_by(name: str) -> str:
    """The script of the checkout that the service runs."""
    path = SERVICES[name]["entrypoint"][1]
    mounts = dict(volume.split(":")[1::-1] for volume in SERVICES[name]["volumes"] if volume.startswith("./"))
    source = next(here for there, here in mounts.items() if path.startswith(there + "/"))
    target = next(there for there in mounts if path.startswith(there + "/"))
    return (ROOT / source / path.removeprefix(target + "/")).read_text()


def test_every_part_of_the_platform_is_there() -> None:
    parts = {
        "postgres", "kafka", "namenode", "datanode-1", "datanode-2", "spark-connect", "ingest", "load",
        "airflow-api", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer",
    }  # fmt: skip
    assert set(SERVICES) == parts | ONCE | {"kafka-ui"}
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["kafka-ui"]


@EVERY_SERVICE
def test_a_service_is_healthy_by_a_check_or_ends(name: str) -> None:
    service = SERVICES[name]
    if name in ONCE:
        assert "healthcheck" not in service
        assert service["restart"] == "no"
    else:
        check = service["healthcheck"]
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)
        assert service["restart"] == "unless-stopped"


@EVERY_SERVICE
def test_a_service_waits_for_work_done_not_for_a_container_started(name: str) -> None:
    for needed, rule in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if needed in ONCE else "service_healthy"
        assert rule == {"condition": wanted}


@EVERY_SERVICE
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert user.isdigit()
    assert group.isdigit()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] > 0
    assert all(re.search(r"^/tmp:.*\bsize=", mount) for mount in service["tmpfs"])
    assert "mem_limit" in service
    assert "max-size" in service["logging"]["options"]
    assert not {"privileged", "pid", "ipc", "devices", "container_name"} & set(service)
    if name == "volumes":
        assert service["cap_add"] == ["CHOWN"]
        assert service["network_mode"] == "none"
    else:
        assert user != "0"
        assert "cap_add" not in service
        assert "network_mode" not in service


@EVERY_SERVICE
def test_no_image_s_entry_point_is_relied_on(name: str) -> None:
    if name != "kafka-ui":
        assert SERVICES[name]["entrypoint"]
        assert "command" not in SERVICES[name]


@EVERY_SERVICE
def test_an_image_is_named_in_env_only_and_its_version_is_pinned(name: str, example: dict[str, str]) -> None:
    image = VARIABLE.fullmatch(SERVICES[name]["image"])
    assert image, SERVICES[name]["image"]
    _, colon, tag = example[image[1]].rpartition(":")
    assert colon
    assert re.search(r"\d+\.\d+", tag)
    assert "latest" not in tag


def test_the_official_images_are_those_of_the_chart(example: dict[str, str]) -> None:
    values = yaml.safe_load((ROOT / "helm" / "crossover" / "values.yaml").read_text())
    for role in ("app", "spark", "postgres", "kafka", "hadoop"):
        image = values["images"][role]
        assert example[f"{role.upper()}_IMAGE"] == f"{image['repository']}:{image['tag']}"


@EVERY_SERVICE
def test_a_port_is_open_on_loopback_only_and_is_set_in_env(name: str, example: dict[str, str]) -> None:
    for port in SERVICES[name].get("ports", []):
        match = re.fullmatch(r"127\.0\.0\.1:\$\{([A-Z_]+_PORT):\?run make compose-env\}:\d+", port)
        assert match, port
        assert example[match[1]].isdigit()


def test_no_two_parts_take_the_same_port_of_the_machine(example: dict[str, str]) -> None:
    ports = [value for name, value in example.items() if name.endswith("_PORT")]
    assert len(set(ports)) == len(ports)


def test_every_variable_is_explained_in_the_example_and_none_is_idle(text: str, example: dict[str, str]) -> None:
    used = {name for name, _ in VARIABLE.findall(text)}
    assert used == set(example) - {"COMPOSE_PROJECT_NAME"}


def test_without_env_each_variable_says_what_to_do(text: str) -> None:
    assert {rest for _, rest in VARIABLE.findall(text)} == {":?run make compose-env"}


@EVERY_SERVICE
def test_a_secret_comes_from_env_and_nowhere_else(name: str, example: dict[str, str]) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        inside = ADDRESS_WITH_PASSWORD.search(str(value))
        secret = value if SECRET.search(variable) else inside[1] if inside else None
        if secret is not None:
            source = VARIABLE.fullmatch(secret)
            assert source, variable
            assert example[source[1]] == "", f"{source[1]} has a default in .env.example"


def test_a_secret_is_given_to_nobody_who_does_not_need_it() -> None:
    holders = {
        secret: {name for name, service in SERVICES.items() if any(f"${{{secret}:" in s for s in strings(service))}
        for secret in ("POSTGRES_ADMIN_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "LAKE_PASSWORD", "CROSSOVER_PASSWORD")
    }
    airflow = {name for name in SERVICES if name.startswith("airflow-")}
    assert holders == {
        "POSTGRES_ADMIN_PASSWORD": {"postgres", "databases"},
        "AIRFLOW_ADMIN_PASSWORD": {"airflow-api"},
        "LAKE_PASSWORD": {"databases", "spark-connect"} | airflow,
        "CROSSOVER_PASSWORD": {"databases", "setup", "load"} | airflow,
    }


def test_the_parts_of_airflow_share_one_jwt_secret() -> None:
    parts = [service for name, service in SERVICES.items() if name.startswith("airflow-")]
    assert len(parts) == 5
    assert len({service["environment"]["AIRFLOW__API_AUTH__JWT_SECRET"] for service in parts}) == 1


def test_every_volume_is_used_and_handed_to_its_user(model: dict[str, Any]) -> None:
    named = {v.split(":")[0] for s in SERVICES.values() for v in s["volumes"] if not v.startswith("./")}
    assert named == set(model["volumes"])
    script = SERVICES["volumes"]["entrypoint"][2]
    owners = {path: owner for owner, paths in re.findall(r"chown (\S+) (.*)", script) for path in paths.split()}
    assert {path.removeprefix("/v/") for path in owners} == named
    for name, service in SERVICES.items():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source in named and name != "volumes":
                assert owners[f"/v/{source}"] == service["user"], (name, volume)


def test_postgresql_18_keeps_its_data_in_the_volume() -> None:
    service = SERVICES["postgres"]
    assert "postgres:/var/lib/postgresql" in service["volumes"]
    assert "data=/var/lib/postgresql/18/" in started_by("postgres")


def test_nobody_enters_postgresql_without_a_password() -> None:
    lines = (ROOT / "compose/postgres/pg_hba.conf").read_text().splitlines()
    assert {line.split()[-1] for line in lines if line and line[0] != "#"} == {"scram-sha-256"}


def test_kafka_s_kraft_configuration_is_complete() -> None:
    lines = (ROOT / "compose/kafka/server.properties").read_text().splitlines()
    set_to = dict(line.split("=", 1) for line in lines if line and line[0] != "#")
    assert set_to["process.roles"] == "broker,controller"
    assert {"node.id", "controller.quorum.bootstrap.servers", "controller.listener.names", "log.dirs"} <= set(set_to)
    listeners = dict(listener.split("://") for listener in set_to["listeners"].split(","))
    protocols = dict(pair.split(":") for pair in set_to["listener.security.protocol.map"].split(","))
    assert set(listeners) == set(protocols)
    assert set_to["inter.broker.listener.name"] in listeners
    told = re.search(r"advertised\.listeners=(\S+)\"", started_by("kafka"))
    assert told
    assert {listener.split("://")[0] for listener in told[1].split(",")} == set(listeners) - {"CONTROLLER"}
    published = SERVICES["kafka"]["ports"][0].rpartition(":")[2]
    assert listeners["MACHINE"] == f":{published}"
    replicas = {n: v for n, v in set_to.items() if n.endswith((".replication.factor", ".min.isr"))}
    assert len(replicas) == 5
    assert set(replicas.values()) == {"1"}
    assert set_to["auto.create.topics.enable"] == "false"
    assert f"kafka:{set_to['log.dirs']}" in SERVICES["kafka"]["volumes"]


def test_hdfs_keeps_its_data_in_the_volumes() -> None:
    site = ET.parse(ROOT / "compose/hadoop/hdfs-site.xml").getroot()
    value = {p.findtext("name"): p.findtext("value") for p in site}
    for node, setting in (
        ("namenode", "dfs.namenode.name.dir"),
        ("datanode-1", "dfs.datanode.data.dir"),
        ("datanode-2", "dfs.datanode.data.dir"),
    ):
        folder = str(value[setting]).removeprefix("file://")
        # Its parent is the volume: the NameNode's start script renames the folder when it is whole.
        assert f"{node}:{Path(folder).parent}" in SERVICES[node]["volumes"]
    assert f"name={str(value['dfs.namenode.name.dir']).removeprefix('file://')}\n" in started_by("namenode")


def test_jobs_run_beside_the_scheduler() -> None:
    scheduler = SERVICES["airflow-scheduler"]
    assert scheduler["environment"]["CROSSOVER_JOB_MODE"] == "local"
    assert "AIRFLOW_IMAGE" in scheduler["image"]
    assert "executor = LocalExecutor" in (ROOT / "compose/airflow.cfg").read_text()


def test_every_crossover_variable_is_a_setting() -> None:
    from crossover.settings import Settings

    names = {n for s in SERVICES.values() for n in s.get("environment", {}) if n.startswith("CROSSOVER_")}
    for name in names - {"CROSSOVER_PASSWORD"}:  # of psql, not of the package
        fields = Settings.model_fields
        for step in name.removeprefix("CROSSOVER_").lower().split("__"):
            assert step in fields, name
            fields = getattr(fields[step].annotation, "model_fields", {})
