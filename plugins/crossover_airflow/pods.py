"""What this house changes in a pod before it starts: the shape that a cluster's settings ask for, and the sidecar."""

from kubernetes.client import models as k8s

from crossover.errors import BadSetting
from crossover.settings import PodShape, Role

SIDECAR_NEEDS = {"cpu": "50m", "memory": "32Mi", "ephemeral-storage": "64Mi"}
# The provider's loop ends at SIGINT only: a pod that is deleted would wait its whole grace for the sidecar.
SIDECAR_LOOP = 'trap "exit 0" INT TERM; while true; do sleep 1; done'
_TOLERATION = {spelled: name for name, spelled in k8s.V1Toleration.attribute_map.items()}


def shape_pod(pod: k8s.V1Pod, base: k8s.V1Container, role: Role, shape: PodShape) -> None:
    """Overlay a role's shape on its pod, whose main container is `base`; what is empty in the shape stays.

    Raises:
        BadSetting: a benchmark's requests would differ from its limits, or a toleration has an unknown field.
    """
    requests, limits = dict(base.resources.requests), dict(base.resources.limits)
    requests["cpu"] = shape.cpu_request or requests["cpu"]
    limits["cpu"] = shape.cpu_limit or limits["cpu"]
    if shape.memory:
        requests["memory"] = limits["memory"] = shape.memory
    if role == "benchmark" and requests != limits:
        raise BadSetting(
            f"jobs.pods.benchmark asks for {requests['cpu']} CPU and may use {limits['cpu']}: it must own what it uses",
            cure="set cpu_request and cpu_limit of role benchmark to the same value",
        )
    base.resources = k8s.V1ResourceRequirements(requests=requests, limits=limits)
    if shape.secret:
        base.env_from = [_from_secret(source, shape.secret) for source in base.env_from]
    if shape.node_selector:
        pod.spec.node_selector = {**(pod.spec.node_selector or {}), **shape.node_selector}
    pod.spec.tolerations = [*(pod.spec.tolerations or []), *map(_toleration, shape.tolerations)] or None


def _from_secret(source: k8s.V1EnvFromSource, secret: str) -> k8s.V1EnvFromSource:
    return k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name=secret)) if source.secret_ref else source


def _toleration(fields: dict[str, str | int]) -> k8s.V1Toleration:
    unknown = sorted(set(fields) - set(_TOLERATION))
    if unknown:
        raise BadSetting(f"jobs.pods: a toleration has no field {unknown[0]}", cure=f"use {', '.join(_TOLERATION)}")
    return k8s.V1Toleration(**{_TOLERATION[spelled]: value for spelled, value in fields.items()})


def settle_sidecar(sidecar: k8s.V1Container) -> None:
    """Let the XCom sidecar end with its pod, and own what it uses: else no pod is of the class Guaranteed."""
    sidecar.command = ["sh", "-c", SIDECAR_LOOP]
    if not (sidecar.resources and sidecar.resources.limits):
        sidecar.resources = k8s.V1ResourceRequirements(requests=SIDECAR_NEEDS, limits=SIDECAR_NEEDS)


def reading_hint(pod: k8s.V1Pod, now: k8s.V1Pod | None, container: str, keep_hours: int) -> str:
    """How a person reads a failed pod, and until when; or that somebody has deleted it (`now` tells)."""
    name, namespace = pod.metadata.name, pod.metadata.namespace
    if now is None or now.metadata.deletion_timestamp:
        return f"pod {name} was deleted while its job ran: kubectl -n {namespace} get events may say by whom"
    return (
        f"pod {name} is kept for {keep_hours} h: kubectl -n {namespace} logs {name} -c {container}; "
        f"kubectl -n {namespace} describe pod {name}"
    )
