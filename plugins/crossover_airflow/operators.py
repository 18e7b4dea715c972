"""The one operator of this house: a job as a pod, or the same job as a local process."""

import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.cncf.kubernetes.backcompat.backwards_compat_converters import convert_env_vars_or_raise_error
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.cncf.kubernetes.utils.xcom_sidecar import PodDefaults
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, AirflowTaskTimeout
from kubernetes.client import ApiException
from kubernetes.client import models as k8s

from crossover.job import NOTHING_TO_DO
from crossover.settings import PodShape, Role, load_settings
from crossover_airflow.links import ReportLink
from crossover_airflow.local import LocalJob, failure_reason, job_environment
from crossover_airflow.pods import reading_hint, settle_sidecar, shape_pod

if TYPE_CHECKING:
    from airflow.sdk import Context

POD_TEMPLATES = Path(__file__).resolve().parents[2] / "include" / "pods"
BENCHMARK_POOL = "benchmark"
DEADLINE_MARGIN = timedelta(minutes=2)
LOCAL_GRACE_SECONDS = 30


class BenchPodOperator(KubernetesPodOperator):
    """Runs one job (argv and environment in; log lines, exit code and return.json out).

    The setting `job_mode` decides at execution whether that is a pod or a local process; task type, rendered fields,
    XCom, retries, pool and log levels are the same in both.

    :param role: what kind of pod: the template include/pods/ROLE.yaml, and with `spark` the Spark image
    :param argv: the command, `crossover ...` or `python -m ...` (templated)
    :param nothing_to_do: what exit code 99 means for the task
    :param execution_timeout: after this the job is stopped; a pod also ends by itself two minutes later
    """

    template_fields = ("argv", *KubernetesPodOperator.template_fields)

    def __init__(
        self,
        *,
        role: Role,
        argv: Sequence[str],
        nothing_to_do: Literal["skip", "succeed"] = "skip",
        execution_timeout: timedelta = timedelta(hours=6),
        **kwargs: Any,
    ) -> None:
        benchmark = role == "benchmark"
        if benchmark:
            # One slot: two benchmarks at once would time each other.
            kwargs.setdefault("pool", BENCHMARK_POOL)
        house: dict[str, Any] = {
            "do_xcom_push": True,
            "deferrable": False,
            # A half-run that another attempt took over is not a clean measurement.
            "durable": not benchmark,
            "random_name_suffix": True,
            "startup_timeout_seconds": 600,
            "startup_check_interval_seconds": 1,
            "on_finish_action": "delete_succeeded_pod",
            "log_events_on_failure": True,
            # The specification names every setting of the job; it has no place in an error message.
            "log_pod_spec_on_failure": False,
            "termination_message_policy": "FallbackToLogsOnError",
            "container_name_log_prefix_enabled": False,
            "skip_on_exit_code": NOTHING_TO_DO,
            # The worker may be gone, or the API unreachable, when the time is over: then Kubernetes ends the pod.
            "active_deadline_seconds": int((execution_timeout + DEADLINE_MARGIN).total_seconds()),
            "xcom_sidecar_container_security_context": _locked_down(),
            "labels": {"app.kubernetes.io/name": "crossover", "app.kubernetes.io/component": role},
        }
        super().__init__(execution_timeout=execution_timeout, **{**house, **kwargs})
        self.role = role
        self.argv = argv
        self.nothing_to_do = nothing_to_do
        if benchmark:
            self.operator_extra_links = (ReportLink(),)
        self._local: LocalJob | None = None

    def execute(self, context: "Context") -> Any:
        """Run the job where the settings say; return the content of return.json."""
        if load_settings().job_mode == "kubernetes":
            return super().execute(context)
        return self._execute_locally(context)

    def _execute_locally(self, context: "Context") -> Any:
        own = {v.name: v.value for v in convert_env_vars_or_raise_error(self.env_vars) if v.value is not None}
        grace = self.termination_grace_period or LOCAL_GRACE_SECONDS
        self._local = LocalJob(self.argv, job_environment(os.environ, own), grace_seconds=grace)
        outcome = self._local.run(self.log.log)
        if self._local.stopped:
            raise AirflowException(f"{' '.join(self.argv)}: stopped on request")
        idle = outcome.exit_code in self.skip_on_exit_code
        if outcome.exit_code == 0 or (idle and self.nothing_to_do == "succeed"):
            return outcome.result if self.do_xcom_push else None
        if outcome.result is not None and self.do_xcom_push:
            context["ti"].xcom_push(key="return_value", value=outcome.result)
        if idle:
            raise AirflowSkipException(f"{' '.join(self.argv)}: nothing to do")
        raise AirflowException(
            f"{' '.join(self.argv)}: exit code {outcome.exit_code}\n{failure_reason(outcome.last_lines)}"
        )

    def on_kill(self) -> None:
        """Stop the local process group, or delete the pod."""
        if self._local is not None:
            self._local.stop()
        else:
            super().on_kill()

    def build_pod_request_obj(self, context: "Context | None" = None, *, dry_run: bool = False) -> k8s.V1Pod:
        """The pod to start: the role's template, then the settings' image and namespace, then this task."""
        settings = load_settings()
        # As arguments, not as command: the image's entry point (an init that passes signals on) stays in front.
        self.cmds, self.arguments = [], list(self.argv)
        self.pod_template_file = self.pod_template_file or str(POD_TEMPLATES / f"{self.role}.yaml")
        self.namespace = self.namespace or settings.jobs.namespace
        self.image = self.image or (settings.jobs.image_spark if self.role == "spark" else settings.jobs.image_app)
        pod = super().build_pod_request_obj(context, dry_run=dry_run)
        containers = {container.name: container for container in pod.spec.containers}
        shape_pod(pod, containers[self.base_container_name], self.role, settings.jobs.pods.get(self.role, PodShape()))
        if PodDefaults.SIDECAR_CONTAINER_NAME in containers:
            settle_sidecar(containers[PodDefaults.SIDECAR_CONTAINER_NAME])
        return pod

    def get_or_create_pod(self, pod_request_obj: k8s.V1Pod, context: "Context") -> k8s.V1Pod:
        """The pod of an earlier attempt whose scheduler died, or a new one.

        A measurement is not taken over: the earlier attempt's pod is deleted, or two would time each other.
        """
        if not self.durable:
            selector = self._build_find_pod_label_selector(context)
            for orphan in self.client.list_namespaced_pod(self.namespace, label_selector=selector).items:
                self.log.warning("deleting pod %s, which an earlier attempt has left behind", orphan.metadata.name)
                self.pod_manager.delete_pod(orphan)
        return super().get_or_create_pod(pod_request_obj, context)

    def cleanup(self, pod: k8s.V1Pod, remote_pod: k8s.V1Pod, *args: Any, **kwargs: Any) -> None:
        """Log a finished pod, and delete it unless it failed.

        The provider raises "the pod failed" here over a time-out that is on its way up, and then Airflow does not call
        on_kill and the pod runs on. So a time-out is let through.
        """
        if isinstance(sys.exc_info()[1], AirflowTaskTimeout):
            return
        try:
            super().cleanup(pod, remote_pod, *args, **kwargs)
        except AirflowSkipException:
            # To the provider a pod with nothing to do has failed, and failed pods are kept.
            self.pod_manager.delete_pod(remote_pod)
            if self.nothing_to_do == "skip":
                raise
        except AirflowException:
            hours = load_settings().jobs.keep_failed_hours
            self.log.error("%s", reading_hint(remote_pod, self._pod_now(remote_pod), self.base_container_name, hours))
            raise

    def _pod_now(self, pod: k8s.V1Pod) -> k8s.V1Pod | None:
        """The pod as it is, None if it is gone: what the provider last saw of it may be from its start."""
        try:
            return self.pod_manager.read_pod(pod)
        except ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None


def _locked_down() -> k8s.V1SecurityContext:
    return k8s.V1SecurityContext(
        allow_privilege_escalation=False,
        capabilities=k8s.V1Capabilities(drop=["ALL"]),
        read_only_root_filesystem=True,
        run_as_non_root=True,
        run_as_user=65532,
        seccomp_profile=k8s.V1SeccompProfile(type="RuntimeDefault"),
    )


class MappedBenchmarkOperator(BenchPodOperator):
    """For `partial()`: a mapped task's link must stand in the class, as no task exists when the DAG is read.

    The pool must be named in `partial(pool=BENCHMARK_POOL)` for the same reason; a rule of the house checks it.
    """

    operator_extra_links = (ReportLink(),)
