"""Rights, secrets and flows of the chart as a whole."""

import base64
import itertools
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.helm.chart import CHART, EXTERNAL, NAMESPACE, ROOT, VARIANTS, Object, job_templates, render, workloads
from tests.helm.rules import selects

MAKE_SECRETS = ROOT / "helm" / "make-secrets"
JOBS = {
    role: {"app.kubernetes.io/name": "crossover", "app.kubernetes.io/component": role}
    for role in ("generator", "maintenance", "benchmark", "spark")
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_two_roles_in_one_namespace_and_no_right_on_secrets(variant: str) -> None:
    objects = render(VARIANTS[variant])
    rights = {
        o["metadata"]["name"]: {resource: set(rule["verbs"]) for rule in o["rules"] for resource in rule["resources"]}
        for o in objects
        if o["kind"] == "Role"
    }
    assert rights == {
        "crossover-launcher": {
            "pods": {"create", "get", "list", "watch", "patch", "delete"},
            "pods/log": {"get"},
            "pods/exec": {"create", "get"},
            "events": {"get", "list", "watch"},
        },
        "crossover-driver": {"pods": {"get", "list", "watch", "create", "delete", "deletecollection"}},
    }
    assert not [o for o in objects if o["kind"].startswith("Cluster")]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_chart_makes_no_secret(variant: str) -> None:
    objects = render(VARIANTS[variant])
    assert not [o for o in objects if o["kind"] == "Secret"]
    settings = {k: v for o in objects if o["kind"] == "ConfigMap" for k, v in o["data"].items()}
    assert not [name for name in settings if re.search(r"PASSWORD$|TOKEN|SECRET|FERNET", name)]


def made(*arguments: str) -> dict[str, dict[str, str]]:
    done = subprocess.run([MAKE_SECRETS, *arguments], capture_output=True, text=True, check=True, timeout=60)
    return {
        secret["metadata"]["name"]: {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
        for secret in yaml.safe_load_all(done.stdout)
        if secret
    }


@pytest.fixture(scope="module")
def secrets() -> dict[str, dict[str, str]]:
    return made(NAMESPACE, "LOAD=canary-canary-canary")


def referenced() -> dict[str, set[str]]:
    """Names of the Secrets that the chart and the job pods mention, with the keys that they name one by one."""
    found: dict[str, set[str]] = {}
    for spec in [pod.spec for pod in workloads(render({}))] + [
        template["spec"] for template in job_templates().values()
    ]:
        for volume in spec.get("volumes", []):
            if "secret" in volume:
                keys = {item["key"] for item in volume["secret"].get("items", [])}
                found.setdefault(volume["secret"]["secretName"], set()).update(keys)
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            for source in container.get("envFrom", []):
                if "secretRef" in source:
                    found.setdefault(source["secretRef"]["name"], set())
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference:
                    found.setdefault(reference["name"], set()).add(reference["key"])
    return found


def test_make_secrets_prints_exactly_the_secrets_that_are_used(secrets: dict[str, dict[str, str]]) -> None:
    used = referenced()
    assert set(secrets) == set(used)
    assert {name: keys - set(secrets[name]) for name, keys in used.items() if keys - set(secrets[name])} == {}


def test_files_that_scripts_read_are_keys_of_the_mounted_secrets(secrets: dict[str, dict[str, str]]) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (CHART / "files").rglob("*") if path.is_file())
    read = set(re.findall(r"/etc/crossover/(?:tls|users)/([\w.]+)", text))
    assert read == {"ca.crt", "tls.crt", "tls.key", "passwords.json"}
    assert (
        {"ca.crt", "tls.crt", "tls.key"}
        == set(secrets["crossover-kafka-tls"])
        == set(secrets["crossover-postgres-tls"])
    )
    assert set(secrets["crossover-airflow-users"]) == {"passwords.json"}


def test_each_key_that_goes_into_an_environment_is_a_setting_of_its_process(secrets: dict[str, dict[str, str]]) -> None:
    from crossover.settings import Settings

    for name, keys in secrets.items():
        for key in keys:
            if key.startswith("CROSSOVER_"):
                stage, leaf = key.removeprefix("CROSSOVER_").lower().split("__")
                assert leaf in Settings.model_fields[stage].annotation.model_fields, f"{name}: {key}"


def test_a_given_password_is_used_and_every_other_is_its_own(secrets: dict[str, dict[str, str]]) -> None:
    assert secrets["crossover-load"]["CROSSOVER_KAFKA__PASSWORD"] == "canary-canary-canary"
    passwords = [
        secrets[f"crossover-{name}"][key]
        for name, key in itertools.product(
            ("ingest", "load", "maintenance", "benchmark", "spark"), ("CROSSOVER_KAFKA__PASSWORD",)
        )
    ]
    assert len(set(passwords)) == 5
    assert made(NAMESPACE)["crossover-ingest"] != secrets["crossover-ingest"]


@pytest.mark.parametrize(
    "wrong", [(), ("Bad_Name",), (NAMESPACE, "LAOD=x"), (NAMESPACE, "LOAD=short"), (NAMESPACE, "LOAD")]
)
def test_make_secrets_refuses_what_it_does_not_know(wrong: tuple[str, ...]) -> None:
    done = subprocess.run([MAKE_SECRETS, *wrong], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("make-secrets: ")


@pytest.mark.parametrize(
    ("part", "host"),
    [
        ("postgres", "crossover-postgres"),
        ("kafka", f"crossover-kafka-2.crossover-kafka-brokers.{NAMESPACE}.svc"),
        ("kafka", "crossover-kafka"),
    ],
)
def test_a_certificate_is_good_for_the_names_by_which_it_is_called(
    secrets: dict[str, dict[str, str]], part: str, host: str, tmp_path: Path
) -> None:
    for key in ("ca.crt", "tls.crt"):
        (tmp_path / key).write_text(secrets[f"crossover-{part}-tls"][key], encoding="utf-8")

    def verify(name: str) -> bool:
        command = ["openssl", "verify", "-CAfile", "ca.crt", "-verify_hostname", name, "tls.crt"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert verify(host)
    assert not verify("crossover-ingest")


def reaches(objects: list[Object], source: dict[str, str], target: dict[str, str], port: int) -> bool:
    """May a pod with these labels open a connection to that one? Both sides must allow it."""
    policies = [o["spec"] for o in objects if o["kind"] == "NetworkPolicy"]

    def allowed(subject: dict[str, str], peer: dict[str, str], direction: str, side: str) -> bool:
        rules = [rule for p in policies if selects(p["podSelector"], subject) for rule in p.get(direction) or []]
        return any(
            any(
                "podSelector" in one and "namespaceSelector" not in one and selects(one["podSelector"], peer)
                for one in rule[side]
            )
            and port in [p["port"] for p in rule["ports"]]
            for rule in rules
            if side in rule and "ports" in rule
        )

    return allowed(source, target, "egress", "to") and allowed(target, source, "ingress", "from")


@pytest.mark.parametrize(
    ("source", "target", "port", "allowed"),
    [
        ("ingest", "kafka", 9092, True),
        ("ingest", "postgres", 5432, False),
        ("load", "postgres", 5432, True),
        ("load", "kafka", 9092, True),
        ("load", "namenode", 8020, False),
        ("generator", "ingest", 8080, True),
        ("generator", "kafka", 9092, False),
        ("spark", "kafka", 9092, True),
        ("spark-executor", "kafka", 9092, True),
        ("spark-executor", "datanode", 9866, True),
        ("spark-executor", "spark", 7078, True),
        ("spark", "spark-executor", 7079, True),
        ("spark-connect", "datanode", 9866, True),
        ("benchmark", "spark-connect", 15002, True),
        ("benchmark", "kafka", 9092, True),
        ("benchmark", "ingest", 8080, True),
        ("benchmark", "namenode", 8020, False),
        ("kafka", "kafka", 9093, True),
        ("ingest", "kafka", 9093, False),
        ("datanode", "namenode", 8020, True),
        ("datanode", "postgres", 5432, False),
        ("airflow-api", "airflow-scheduler", 8793, True),
        ("airflow-scheduler", "airflow-api", 8080, True),
        ("airflow-dag-processor", "kafka", 9092, False),
    ],
)
def test_only_the_flows_of_the_design_are_open(source: str, target: str, port: int, allowed: bool) -> None:
    objects = render({})
    labels = {pod.component: pod.labels for pod in workloads(objects)} | JOBS
    assert reaches(objects, labels[source], labels[target], port) is allowed


def test_everything_is_denied_first() -> None:
    first = next(o for o in render({}) if o["metadata"]["name"] == "crossover-default-deny")
    assert first["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_a_flow_to_an_external_part_leaves_the_cluster_only_there() -> None:
    objects = render(EXTERNAL | {"networkPolicy": {"externalCidrs": ["10.1.0.0/16"]}})
    policy = next(o for o in objects if o["metadata"]["name"] == "crossover-generator")
    blocks = [to["ipBlock"]["cidr"] for rule in policy["spec"]["egress"] for to in rule["to"] if "ipBlock" in to]
    assert set(blocks) == {"169.254.0.0/16", "10.1.0.0/16"}
