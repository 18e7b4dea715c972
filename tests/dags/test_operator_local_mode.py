"""The operator in local mode, with real processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
out = open(sys.argv[1], "w") if sys.argv[1:] else sys.stdout
print("PIDS", os.getpid(), child.pid, file=out, flush=True)
time.sleep(600)
"""

OWNER = """
import os, sys
from crossover_airflow.local import LocalJob, job_environment
job = LocalJob(["python", "-c", sys.argv[1]], job_environment(os.environ, {}), grace_seconds=1)
job.run(lambda _level, line: print(line, flush=True))
"""


def pids_in(line: str) -> list[int]:
    return [int(word) for word in line.split()[1:]]


def gone_within(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def trial(airflow_database, tmp_path_factory):
    """One run of the trial DAG through Airflow's own task runner."""
    from airflow.dag_processing.dagbag import DagBag

    folder = tmp_path_factory.mktemp("trial")
    trials = ROOT / "tests" / "dags" / "trial_dags"
    bag = DagBag(trials, bundle_path=trials, bundle_name="trials")
    assert bag.import_errors == {}
    run = bag.dags["trial"].test(run_conf={"folder": str(folder)})
    return folder, run


@pytest.mark.parametrize("broken", [True, False])
def test_a_run_with_fail_fast_is_failed_exactly_if_a_task_of_it_is(airflow_database, broken):
    """The later tasks are skipped then, which Airflow alone takes for a success."""
    from airflow.dag_processing.dagbag import DagBag

    trials = ROOT / "tests" / "dags" / "trial_dags"
    dag = DagBag(trials, bundle_path=trials, bundle_name="trials").dags["trial_fail_fast"]
    run = dag.test(run_conf={"broken": broken})
    states = {ti.task_id: ti.state for ti in run.get_task_instances()}
    if broken:
        assert states == {"opened": "success", "work": "failed", "last": "skipped", "closed": "failed"}
    else:
        assert set(states.values()) == {"success"}
    assert run.state == ("failed" if broken else "success")


def state(trial, task_id, map_index=-1):
    return trial[1].get_task_instance(task_id, map_index=map_index).state


def test_a_job_that_ends_well_gives_its_result_to_xcom(trial):
    assert state(trial, "succeed") == "success"
    result = trial[1].get_task_instance("succeed").xcom_pull(task_ids="succeed")
    assert result == {"rows": 3, "word": "trial", "foreign": False}


def test_exit_code_99_skips_the_task(trial):
    assert state(trial, "nothing") == "skipped"


def test_any_other_exit_code_fails_the_task(trial):
    assert state(trial, "fail") == "failed"


def test_a_mapped_task_runs_one_job_an_argv(trial):
    assert [state(trial, "mapped", index) for index in (0, 1)] == ["success", "skipped"]


def test_a_time_out_ends_the_whole_process_group(trial):
    assert state(trial, "linger") == "failed"
    pids = [int(pid) for pid in (trial[0] / "pids").read_text().split()]
    assert len(pids) == 2
    assert gone_within(pids, 0)


def test_the_teardown_runs_although_tasks_failed(trial):
    assert trial[1].state == "failed"
    assert (trial[0] / "closed").exists()


def operator(program: str, **options):
    from crossover_airflow.operators import BenchPodOperator

    return BenchPodOperator(task_id="t", role="generator", argv=["python", "-c", program], **options)


class TaskInstance:
    """Stands where Airflow's task instance stands: takes pushed values."""

    def __init__(self) -> None:
        self.pushed: dict[str, object] = {}

    def xcom_push(self, key, value):
        self.pushed[key] = value


def execute(op, ti=None):
    return op._execute_locally({"ti": ti or TaskInstance()})


def test_the_error_and_its_cure_are_in_the_message_and_nothing_of_the_chatter():
    from airflow.sdk.exceptions import AirflowException

    program = "print('INFO: chatter\\nERROR: no broker\\n  cure: crossover up\\nINFO: bye'); raise SystemExit(3)"
    with pytest.raises(AirflowException) as caught:
        execute(operator(program))
    assert str(caught.value).endswith("exit code 3\nERROR: no broker\n  cure: crossover up")


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise OSError('no such table\\n\\tat org.apache.Spark\\n\\tat java.lang')", "OSError: no such table"),
        ("[print(n) for n in range(9)]; raise SystemExit(1)", "4\n5\n6\n7\n8"),
    ],
)
def test_a_crash_without_an_error_line_shows_what_there_is(program, reason):
    from airflow.sdk.exceptions import AirflowException

    with pytest.raises(AirflowException) as caught:
        execute(operator(program))
    assert str(caught.value).endswith(f"exit code 1\n{reason}")


def test_a_job_ended_by_a_signal_fails_with_128_and_its_number():
    from airflow.sdk.exceptions import AirflowException

    with pytest.raises(AirflowException, match="exit code 137"):
        execute(operator("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))


def test_nothing_to_do_can_count_as_success():
    program = "import os; open(os.environ['XCOM_DIR'] + '/return.json', 'w').write('[0]'); raise SystemExit(99)"
    assert execute(operator(program, nothing_to_do="succeed")) == [0]


def test_a_failed_job_still_gives_what_it_left():
    from airflow.sdk.exceptions import AirflowException

    program = "import os; open(os.environ['XCOM_DIR'] + '/return.json', 'w').write('[1]'); raise SystemExit(4)"
    ti = TaskInstance()
    with pytest.raises(AirflowException):
        execute(operator(program), ti)
    assert ti.pushed == {"return_value": [1]}


def test_lines_are_logged_at_the_level_that_they_begin_with():
    from crossover_airflow.local import LocalJob

    lines = ["::group::work", "INFO: 100 % of %s", "WARNING: b", "ERROR: c", "ERRORS are not levels", "CRITICAL: d"]
    logged: list[tuple[int, str]] = []
    job = LocalJob(["python", "-c", f"print({chr(10).join(lines)!r})"], os.environ, grace_seconds=5)
    job.run(lambda level, line: logged.append((level, line)))
    assert logged == list(zip([20, 20, 30, 40, 20, 50], lines, strict=True))


def test_bytes_that_are_no_text_do_not_stop_the_log():
    assert execute(operator("import sys; sys.stdout.buffer.write(b'INFO: \\xff\\n')")) is None


def test_on_kill_ends_even_a_job_that_ignores_sigterm(tmp_path):
    from airflow.sdk.exceptions import AirflowException

    report = tmp_path / "pids"
    op = operator(STUBBORN)
    op.argv = [*op.argv, str(report)]
    op.termination_grace_period = 1

    def kill_when_it_runs() -> None:
        while not (report.exists() and report.read_text().endswith("\n")):
            time.sleep(0.05)
        op.on_kill()

    killer = threading.Thread(target=kill_when_it_runs)
    killer.start()
    with pytest.raises(AirflowException, match="stopped on request"):
        execute(op)
    killer.join()
    pids = pids_in(report.read_text())
    assert len(pids) == 2
    assert gone_within(pids, 0)


def test_a_job_can_stop_cleanly_within_the_grace():
    """The second signal would end a job at once, so it must get only one."""
    from crossover_airflow.local import LocalJob, job_environment

    program = (
        "import signal, sys, time; signals = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: signals.append(1))\n"
        "print('INFO: ready', flush=True)\n"
        "while not signals: time.sleep(0.01)\n"
        "time.sleep(0.5); print('INFO: left with', len(signals), 'signal')"
    )
    lines: list[str] = []
    job = LocalJob(["python", "-c", program], job_environment(os.environ, {}), grace_seconds=20)

    def heard(_level: int, line: str) -> None:
        lines.append(line)
        job.stop()

    started = time.monotonic()
    job.run(heard)
    assert lines == ["INFO: ready", "INFO: left with 1 signal"]
    assert time.monotonic() - started < 10


def test_what_a_job_leaves_running_is_ended_with_it():
    from crossover_airflow.local import LocalJob, job_environment

    program = (
        "import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('PIDS', c.pid)"
    )
    seen: list[int] = []
    job = LocalJob(["python", "-c", program], job_environment(os.environ, {}), grace_seconds=5)
    outcome = job.run(lambda _level, line: seen.extend(pids_in(line)))
    assert outcome.exit_code == 0
    assert len(seen) == 1
    assert gone_within(seen, 0)


def test_the_job_ends_when_the_task_process_is_killed_outright(tmp_path):
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            OWNER,
            STUBBORN,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT / "plugins")},
        stdout=subprocess.PIPE,
        text=True,
    )
    pids = pids_in(owner.stdout.readline())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert len(pids) == 2
    assert gone_within(pids, 10)


def test_a_job_sees_the_house_settings_but_not_the_secrets_of_airflow():
    from crossover_airflow.local import job_environment

    worker = {"PATH": "/bin", "CROSSOVER_DATASET": "x", "AIRFLOW__CORE__FERNET_KEY": "secret", "AWS_SECRET": "secret"}
    assert job_environment(worker, {"WORD": "w"}) == {
        "PATH": "/bin",
        "CROSSOVER_DATASET": "x",
        "WORD": "w",
        "PYTHONUNBUFFERED": "1",
    }


def test_the_programs_of_the_images_are_run_by_this_interpreter():
    from crossover_airflow.local import local_command

    assert local_command(["crossover", "report"]) == [sys.executable, "-m", "crossover.cli", "report"]
    assert local_command(["python", "-m", "x"]) == [sys.executable, "-m", "x"]
    assert local_command(["true"]) == ["true"]
