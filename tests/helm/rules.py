"""What every pod of the chart must keep to: one line a rule, and for each a change that breaks it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.helm.chart import Object, Workload

AMOUNTS = {"cpu", "memory", "ephemeral-storage"}
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
WITH_TOKEN = {"spark-connect", "airflow-scheduler", "airflow-cleaner"}
SECRET_NAME = re.compile(r"PASSWORD|TOKEN|SECRET|FERNET|SQL_ALCHEMY_CONN")


@dataclass(frozen=True)
class Rule:
    """`holds(pod, all objects)`; `break_it(pod)` makes a pod that it must refuse."""

    text: str
    holds: Callable[[Workload, list[Object]], bool]
    break_it: Callable[[Workload], object]


def _every(check: Callable[[Object], bool]) -> Callable[[Workload, list[Object]], bool]:
    return lambda pod, _: all(check(container) for container in pod.containers())


def _has_amounts(pod: Workload, _: list[Object]) -> bool:
    # Spark itself sets CPU and memory of executors.
    wanted = {"ephemeral-storage"} if pod.kind == "Executor" else AMOUNTS
    return all(wanted <= set(c["resources"].get(side, {})) for c in pod.containers() for side in ("requests", "limits"))


def _has_probes(pod: Workload, _: list[Object]) -> bool:
    return not pod.serves or all(probe in c for c in pod.spec["containers"] for probe in PROBES)


def _probes_differ(pod: Workload, _: list[Object]) -> bool:
    return not pod.serves or all(c.get("livenessProbe") != c.get("readinessProbe") for c in pod.spec["containers"])


def _is_non_root(pod: Workload, _: list[Object]) -> bool:
    context = pod.spec["securityContext"]
    users = [c["securityContext"].get("runAsUser", context.get("runAsUser", 0)) for c in pod.containers()]
    return context["runAsNonRoot"] and all(user > 0 for user in users)


def _is_locked(container: Object) -> bool:
    context = container["securityContext"]
    return context["allowPrivilegeEscalation"] is False and context["capabilities"] == {"drop": ["ALL"]}


def _token_is_named(pod: Workload, _: list[Object]) -> bool:
    return pod.spec["automountServiceAccountToken"] is (pod.component in WITH_TOKEN)


def _has_account(pod: Workload, _: list[Object]) -> bool:
    return pod.spec.get("serviceAccountName", "default").startswith("crossover-")


def _is_spread(pod: Workload, _: list[Object]) -> bool:
    keys = {constraint["topologyKey"] for constraint in pod.spec.get("topologySpreadConstraints", [])}
    return not pod.serves or keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """Does a label selector choose a pod with these labels?"""
    return (selector.get("matchLabels") or {}).items() <= labels.items()


def _has_budget(pod: Workload, objects: list[Object]) -> bool:
    budgets = [o["spec"] for o in objects if o["kind"] == "PodDisruptionBudget"]
    return not pod.serves or sum(selects(b["selector"], pod.labels) for b in budgets) == 1


def _has_policies(pod: Workload, objects: list[Object]) -> bool:
    own = [
        o["spec"]
        for o in objects
        if o["kind"] == "NetworkPolicy" and o["spec"]["podSelector"] and selects(o["spec"]["podSelector"], pod.labels)
    ]
    return len(own) == 1 and own[0]["policyTypes"] == ["Ingress", "Egress"]


def _image_is_fixed(container: Object) -> bool:
    if container["name"] == "spark-kubernetes-executor":
        return True  # Spark sets it
    image = container["image"]
    return "@sha256:" in image or re.search(r":[^/:]*\d[^/:]*$", image) is not None


def _no_secret_value(container: Object) -> bool:
    return not any("value" in v and SECRET_NAME.search(v["name"]) for v in container.get("env", []))


def _scratch_is_bounded(pod: Workload, _: list[Object]) -> bool:
    return all("sizeLimit" in v["emptyDir"] for v in pod.spec.get("volumes", []) if "emptyDir" in v)


def _volumes_are_restricted(pod: Workload, _: list[Object]) -> bool:
    return all(set(v) - {"name"} <= {"configMap", "secret", "emptyDir"} for v in pod.spec.get("volumes", []))


def _stays_off_the_node(pod: Workload, _: list[Object]) -> bool:
    ports = [port for c in pod.containers() for port in c.get("ports", [])]
    return not any(pod.spec.get(f"host{name}") for name in ("Network", "PID", "IPC")) and not any(
        "hostPort" in port for port in ports
    )


def _ports_have_names(container: Object) -> bool:
    return all("name" in port for port in container.get("ports", []))


def _first(pod: Workload) -> Object:
    return pod.spec["containers"][0]


RULES = (
    Rule(
        "requests and limits of CPU, memory and disk", _has_amounts, lambda p: _first(p)["resources"]["limits"].clear()
    ),
    Rule("startup, readiness and liveness probes", _has_probes, lambda p: _first(p).pop("livenessProbe")),
    Rule(
        "liveness is not readiness",
        _probes_differ,
        lambda p: _first(p).update(livenessProbe=_first(p)["readinessProbe"]),
    ),
    Rule("a fixed user that is not root", _is_non_root, lambda p: p.spec["securityContext"].update(runAsUser=0)),
    Rule(
        "the runtime's seccomp profile",
        lambda p, _: p.spec["securityContext"].get("seccompProfile") == {"type": "RuntimeDefault"},
        lambda p: p.spec["securityContext"].pop("seccompProfile"),
    ),
    Rule(
        "a read-only root file system",
        _every(lambda c: c["securityContext"].get("readOnlyRootFilesystem") is True),
        lambda p: _first(p)["securityContext"].update(readOnlyRootFilesystem=False),
    ),
    Rule(
        "no capability, no escalation",
        _every(_is_locked),
        lambda p: _first(p)["securityContext"]["capabilities"].update(add=["NET_RAW"]),
    ),
    Rule(
        "a token only where the API is used",
        _token_is_named,
        lambda p: p.spec.update(automountServiceAccountToken=None),
    ),
    Rule("an account of ours", _has_account, lambda p: p.spec.pop("serviceAccountName")),
    Rule(
        "no service links in the environment",
        lambda p, _: p.spec.get("enableServiceLinks") is False,
        lambda p: p.spec.pop("enableServiceLinks"),
    ),
    Rule("spread over nodes and zones", _is_spread, lambda p: p.spec["topologySpreadConstraints"].pop()),
    Rule("one disruption budget", _has_budget, lambda p: p.labels.update({"app.kubernetes.io/component": "other"})),
    Rule(
        "one network policy for both directions",
        _has_policies,
        lambda p: p.labels.update({"app.kubernetes.io/component": "other"}),
    ),
    Rule("an image by version or digest", _every(_image_is_fixed), lambda p: _first(p).update(image="a/b:latest")),
    Rule(
        "no secret as a literal value",
        _every(_no_secret_value),
        lambda p: _first(p).setdefault("env", []).append({"name": "X_PASSWORD", "value": "x"}),
    ),
    Rule(
        "scratch folders with a limit",
        _scratch_is_bounded,
        lambda p: p.spec["volumes"].append({"name": "x", "emptyDir": {}}),
    ),
    Rule(
        "volumes that `restricted` allows",
        _volumes_are_restricted,
        lambda p: p.spec["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    ),
    Rule("nothing of the node", _stays_off_the_node, lambda p: p.spec.update(hostNetwork=True)),
    Rule(
        "ports with names",
        _every(_ports_have_names),
        lambda p: _first(p).update(ports=[{"containerPort": 1}]),
    ),
)
