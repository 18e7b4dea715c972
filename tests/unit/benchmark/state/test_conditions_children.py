"""Real processes, small ones."""

import subprocess
import sys
import threading

import psutil
import pytest

from crossover.benchmark.state.children import Child
from crossover.benchmark.state.conditions import Interference, Places
from crossover.errors import ServiceError, ServiceTimeout

TALKER = "import sys, threading\nfor line in {lines!r}: print(line, flush=True)\nthreading.Event().wait({seconds})"
STUBBORN = (
    "import signal, threading\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n"
    "threading.Event().wait(60)"
)
JOB = """
import sys, threading
from crossover.benchmark.state.children import Child
from crossover.job import stop_on_signal
stop = stop_on_signal()
with Child("a sleeper", [sys.executable, "-c", "import threading; threading.Event().wait(60)"]) as child:
    print(child.pid, flush=True)
    stop.wait(60)
print("ended", flush=True)
"""


def python(program, **values):
    return [sys.executable, "-c", program.format(**values) if values else program]


def talker(*lines, seconds=60):
    return python(TALKER, lines=lines, seconds=seconds)


class Heard:
    """Lines of a child, and a way to wait for the first."""

    def __init__(self):
        self.lines, self.any = [], threading.Event()

    def __call__(self, line):
        self.lines.append(line.strip())
        self.any.set()


def test_a_child_that_runs_has_not_failed_and_is_gone_afterwards():
    heard = Heard()
    with Child("a talker", talker("hello"), on_line=heard) as child:
        assert heard.any.wait(30)
        assert child.failure() == ""
        assert psutil.pid_exists(child.pid)
    assert heard.lines == ["hello"]
    assert not psutil.pid_exists(child.pid)
    assert child.failure() == "", "it was asked to end"


def test_a_child_is_ended_by_an_error_beside_it():
    with pytest.raises(ZeroDivisionError), Child("a talker", talker()) as child:
        raise ZeroDivisionError
    assert not psutil.pid_exists(child.pid)


def test_a_child_that_does_not_listen_is_killed():
    heard = Heard()
    with Child("a deaf one", python(STUBBORN), grace_seconds=0.2, on_line=heard) as child:
        assert heard.any.wait(30)
    assert not psutil.pid_exists(child.pid)


def test_a_dead_child_is_told_with_its_exit_code_and_last_words():
    child = Child("the generator", python("import sys; print('no route'); sys.exit(3)"))
    child._process.wait(30)
    assert child.failure() == "the generator ended with exit code 3: no route"
    child.stop()
    assert child.failure() == "the generator ended with exit code 3: no route", "it had died before it was stopped"


def test_a_child_leaves_no_result_where_airflow_takes_the_jobs_own_from(monkeypatch, tmp_path):
    monkeypatch.setenv("XCOM_DIR", str(tmp_path))
    program = "from crossover.job import write_result; write_result({'whose': 'the child'})"
    child = Child("a job", python(program))
    child._process.wait(60)
    child.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_stop_signal_to_the_job_ends_its_children():
    job = subprocess.Popen(python(JOB), stdout=subprocess.PIPE, text=True)
    child = int(job.stdout.readline())
    assert psutil.pid_exists(child)
    job.terminate()
    out, _ = job.communicate(timeout=60)
    assert "ended" in out
    assert not psutil.pid_exists(child)
    assert job.returncode == 0


class Moving:
    """Places that move with each look, as if records arrived."""

    def __init__(self, step):
        self.step, self.count = step, 0

    def __call__(self):
        self.count += self.step
        return Places(self.count, 0, 0.0, self.count, 0.0, self.count, 0.0)


def test_a_condition_is_made_when_records_have_reached_both_stores_and_a_rewrite_is_done():
    made = Interference("both", 10, Moving(5))
    with made.watch(Child("compaction", talker("INFO: rewrite 1 took 0.1 s"), on_line=made.count_rewrite)):
        made.wait_until_made(threading.Event(), timeout_seconds=30)
        assert made.began.rewrites == 1
        assert made.evidence().held


def test_a_condition_whose_child_dies_cannot_be_made():
    made = Interference("ingesting", 10, Moving(0))
    child = Child("the generator", python("raise SystemExit('ingest is away')"))
    with made.watch(child), pytest.raises(ServiceError, match="the generator ended with exit code 1: ingest is away"):
        made.wait_until_made(threading.Event(), timeout_seconds=30)


def test_a_condition_whose_child_dies_later_did_not_hold():
    made = Interference("ingesting", 10, Moving(5))
    with made.watch(Child("the generator", talker())) as child:
        made.wait_until_made(threading.Event(), timeout_seconds=30)
        look = made.look()
        assert made.since(look).held
        psutil.Process(child.pid).kill()
        child._process.wait(30)
        assert made.since(look).reasons == ("the generator ended with exit code -9: it wrote nothing",)


def test_waiting_for_a_condition_ends_with_what_is_missing():
    made = Interference("both", 10, Moving(0))
    with pytest.raises(ServiceTimeout, match="no commit has reached the lake, no rewrite is finished after 0 s"):
        made.wait_until_made(threading.Event(), timeout_seconds=0)


def test_waiting_for_a_condition_ends_with_a_stop():
    made, stop = Interference("compacting", 0, Places), threading.Event()
    stop.set()
    with pytest.raises(ServiceError, match="stopped while condition compacting"):
        made.wait_until_made(stop, timeout_seconds=30)
