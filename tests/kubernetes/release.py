"""Images into the cluster, a namespace, the Secrets, and the chart: what a user does by hand, in the same order."""

import base64
import json
import logging
import os
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.kubernetes.cluster import Cluster, environment, step

ROOT = Path(__file__).resolve().parents[2]
MACHINE = ROOT.parent / "shared" / "k8s"
CHART = ROOT / "helm" / "crossover"
VALUES = Path(__file__).with_name("values.yaml")
RELEASE = "crossover"
VERSION = "0.1.0"
IMAGES = (
    *(f"crossover-{name}:{VERSION}" for name in ("app", "spark", "airflow")),
    "postgres:18.6-bookworm",
    "apache/kafka:4.4.0",
    "apache/hadoop:3.4.2",
)
INSTALL_SECONDS = 900
# What stands in a Secret and is no secret.
PUBLIC_KEYS = ("ca.crt", "tls.crt")

log = logging.getLogger("crossover.cluster")


@dataclass(frozen=True)
class Secrets:
    """The Secrets of a release: by name, key and value."""

    values: dict[str, dict[str, str]]

    def canaries(self) -> dict[str, str]:
        """Every value that must never be seen outside its Secret, with the name of one that has it."""
        return {
            secret: f"{name}/{key}"
            for name, keys in self.values.items()
            for key, value in keys.items()
            if key not in PUBLIC_KEYS and not key.endswith("_USER")
            for secret in hidden_in(key, value)
        }


def hidden_in(key: str, value: str) -> list[str]:
    """The secrets in one value of a Secret: the passwords of a JSON object or of a URL, else the value itself."""
    try:
        parts = json.loads(value)
    except ValueError:
        parts = None
    if isinstance(parts, dict):
        words = []
        for name, part in parts.items():
            if isinstance(part, dict):
                words += hidden_in(name, json.dumps(part))
            elif "password" in f"{key} {name}".lower():
                words.append(str(part))
        return words
    return [(urlsplit(value).password if "://" in value else None) or value]


def load_images() -> None:
    """Build what is not built, and give all images to the cluster.

    CROSSOVER_TEST_LOAD is the command that does the latter (`kind load docker-image`); with `none` they are there.
    """
    command = environment("CROSSOVER_TEST_LOAD", str(MACHINE / "load") if MACHINE.is_dir() else "")
    if command == "none":
        return
    assert command, "say how images reach the cluster: CROSSOVER_TEST_LOAD='kind load docker-image'"
    if MACHINE.is_dir():
        with step("stand-ins for the official images built"):
            run([str(MACHINE / "base-images")])
            run(["make", "-C", str(ROOT), "standins"])
    with step("images built"):
        run(["make", "-C", str(ROOT), "images", "TARGETS=app spark airflow"])
    for image in IMAGES:
        with step(f"image {image} loaded"):
            run([*shlex.split(command), image])


def run(command: list[str]) -> str:
    """Output of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def make_secrets(namespace: str) -> tuple[str, Secrets]:
    """What helm/make-secrets prints for the namespace, as text and read."""
    manifests = run([str(ROOT / "helm" / "make-secrets"), namespace])
    found: dict[str, dict[str, str]] = {}
    for secret in yaml.safe_load_all(manifests):
        if secret:
            data = {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
            found[secret["metadata"]["name"]] = data | (secret.get("stringData") or {})
    return manifests, Secrets(found)


def new_namespace(cluster: Cluster) -> None:
    """A namespace that refuses every pod that is not `restricted`."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace, "labels": labels}}
    cluster.core.create_namespace(body)


def values() -> dict[str, Any]:
    """The chart's values for a small machine."""
    loaded = yaml.safe_load(VALUES.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def secrets_of(cluster: Cluster) -> Secrets:
    """The Secrets of a chart that somebody else has installed."""
    found = cluster.core.list_namespaced_secret(cluster.namespace).items
    data = {secret.metadata.name: secret.data or {} for secret in found if secret.type == "Opaque"}
    return Secrets({
        name: {key: base64.b64decode(v).decode() for key, v in keys.items()} for name, keys in data.items()
    })


def open_local_volumes(cluster: Cluster) -> None:
    """Until the cluster is closed: make volumes that are folders of this machine writable, as fsGroup would.

    The host-path provisioner of a single-node test cluster makes them for root, and Kubernetes leaves hostPath alone.
    """
    opened: set[str] = set()
    while not cluster.closed.wait(1):
        for volume in cluster.core.list_persistent_volume().items:
            claim, host_path = volume.spec.claim_ref, volume.spec.host_path
            if claim and claim.namespace == cluster.namespace and host_path and host_path.path not in opened:
                folder = Path(host_path.path)
                if folder.is_dir() and os.access(folder, os.W_OK):
                    folder.chmod(0o777)
                opened.add(host_path.path)


@contextmanager
def installed(cluster: Cluster) -> Iterator[Secrets]:
    """Namespace, Secrets and chart; all of it is gone at the end, unless CROSSOVER_TEST_KEEP is set."""
    import helm_python

    new_namespace(cluster)
    try:
        manifests, secrets = make_secrets(cluster.namespace)
        cluster.kubectl("apply", "-f", "-", stdin=manifests)
        cluster.watch_pods()
        threading.Thread(target=open_local_volumes, args=(cluster,), daemon=True).start()
        with helm_python.Config(namespace=cluster.namespace, kubeconfig_path=environment("KUBECONFIG") or None) as helm:
            try:
                with step("chart installed, all parts ready"):
                    helm.install(str(CHART), RELEASE, values(), wait="watcher", timeout=INSTALL_SECONDS)
            except helm_python.HelmError:
                log.error("the cluster:\n%s", cluster.diagnosis())
                raise
            yield secrets
    finally:
        cluster.close()
        if not environment("CROSSOVER_TEST_KEEP"):
            with step(f"namespace {cluster.namespace} deleted"):
                cluster.kubectl("delete", "namespace", cluster.namespace, "--wait=true")
