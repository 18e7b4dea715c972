"""Whose CPU time it was, from /proc folders that are written for the purpose and from the real one."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from crossover.benchmark.validity.machine import LEAST_TICKS, Scout, read_machine, shares

HOME = Path("/srv/crossover")
BENCH, SUPERVISOR, SERVER, BACKEND, STRANGER = 100, 10, 11, 12, 50


class Proc:
    """A /proc folder: processes are (pid, parent, ticks) and more; `tick` lets time pass."""

    def __init__(self, folder):
        self.folder = folder
        self.ticks = dict.fromkeys(("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"), 1000)
        self.processes = {}
        self.add(2, 0, "kthreadd")
        self.add(3, 2, "kworker/0:1 (flush)")
        self.add(SUPERVISOR, 1, "supervisord", environ=f"A=b\0CROSSOVER_STACK={HOME}\0")
        self.add(SERVER, SUPERVISOR, "postgres")
        self.add(BACKEND, SERVER, "postgres")
        self.add(STRANGER, 1, "a (strange) name", environ="CROSSOVER_STACK=/elsewhere\0")
        self.add(BENCH, 1, "python")

    def add(self, pid, parent, name, *, environ="", cwd="/", ticks=500, begun=7):
        folder = self.folder / str(pid)
        folder.mkdir()
        (folder / "environ").write_text(environ)
        (folder / "cwd").symlink_to(cwd)
        self.processes[pid] = [parent, name, ticks, begun]

    def spend(self, pid, ticks, kind="user"):
        self.processes[pid][2] += ticks
        self.ticks[kind] += ticks

    def end(self, pid, *, waited=True):
        parent, _, ticks, _ = self.processes.pop(pid)
        if waited and parent in self.processes:
            self.processes[parent][2] += ticks
        for file in sorted((self.folder / str(pid)).iterdir()):
            file.unlink()
        (self.folder / str(pid)).rmdir()

    def write(self):
        numbers = " ".join(map(str, self.ticks.values()))
        (self.folder / "stat").write_text(f"cpu  {numbers} 77 0\ncpu0 {numbers} 0 0\nbtime 1\n")
        for pid, (parent, name, ticks, begun) in self.processes.items():
            # User, system, and those of the children that it waited for, add up to the ticks.
            columns = ["S", parent, *[0] * 9, ticks - 3, 1, 1, 1, 20, 0, 1, 0, begun, *[0] * 30]
            (self.folder / str(pid) / "stat").write_text(f"{pid} ({name}) {' '.join(map(str, columns))}\n")


@pytest.fixture
def proc(tmp_path):
    return Proc(tmp_path)


@pytest.fixture
def look(proc):
    scout = Scout(HOME, BENCH, proc.folder)

    def now(backend=None):
        proc.write()
        return scout.look(backend)

    return now


def test_the_stack_is_known_by_its_mark_and_its_children_by_their_parents(proc, look):
    proc.add(60, 1, "java", cwd=str(HOME / "data" / "working"))
    proc.add(101, BENCH, "stream")
    seen = look()
    assert seen.stack
    assert seen.ours == {BENCH, 101, SUPERVISOR, SERVER, BACKEND, 60}


def test_what_stack_and_benchmark_use_is_not_foreign(proc, look):
    before = look()
    for pid in (BENCH, SERVER, BACKEND):
        proc.spend(pid, 100)
    proc.ticks["idle"] += 100
    assert shares(before, look()).foreign == 0


def test_a_strangers_share_is_of_all_cpu_time(proc, look):
    before = look()
    proc.spend(STRANGER, 30)
    proc.spend(BACKEND, 50, "system")
    proc.ticks["idle"] += 120
    assert shares(before, look()).foreign == pytest.approx(0.15)


def test_a_stranger_that_came_and_went_between_the_looks_is_seen_in_the_total(proc, look):
    before = look()
    proc.ticks["user"] += 40
    proc.ticks["idle"] += 160
    assert shares(before, look()).foreign == pytest.approx(0.2)


def test_parallel_workers_that_came_and_went_are_the_servers(proc, look):
    proc.add(13, SERVER, "postgres", ticks=300)
    before = look()
    proc.spend(13, 50)
    proc.end(13)
    proc.add(14, SERVER, "postgres", ticks=0)
    proc.spend(14, 50)
    proc.end(14)
    proc.spend(STRANGER, 40)
    proc.ticks["idle"] += 60
    assert shares(before, look()).foreign == pytest.approx(0.2)


def test_a_pid_that_is_used_again_is_another_process(proc, look):
    before = look()
    proc.end(STRANGER)
    proc.add(STRANGER, SERVER, "postgres", ticks=0, begun=9)
    proc.spend(STRANGER, 60)
    proc.ticks["idle"] += 140
    assert shares(before, look()).foreign == 0


def test_a_part_of_the_stack_that_nobody_waited_for_does_not_make_others_look_busy(proc, look):
    proc.add(61, 1, "generate", environ=f"CROSSOVER_STACK={HOME}\0", ticks=800)
    before = look()
    proc.end(61)
    proc.spend(BACKEND, 100)
    proc.ticks["idle"] += 100
    assert shares(before, look()).foreign == 0


def test_the_kernels_threads_interrupts_and_waiting_are_not_foreign(proc, look):
    before = look()
    proc.spend(3, 30, "system")
    for kind in ("irq", "softirq", "iowait", "idle"):
        proc.ticks[kind] += 40
    assert shares(before, look()).foreign == 0


def test_stolen_time_is_told_apart(proc, look):
    before = look()
    proc.ticks["steal"] += 10
    proc.ticks["idle"] += 190
    found = shares(before, look())
    assert found.steal == pytest.approx(0.05)
    assert found.foreign == 0


def test_a_time_too_short_for_shares_has_none(proc, look):
    before = look()
    proc.spend(STRANGER, LEAST_TICKS - 1)
    found = shares(before, look())
    assert (found.steal, found.foreign) == (None, None)


def test_where_the_stack_cannot_be_seen_nothing_is_called_foreign(proc, look):
    for pid in (BACKEND, SERVER, SUPERVISOR):
        proc.end(pid)
    before = look()
    proc.spend(STRANGER, 200)
    assert not before.stack
    found = shares(before, look())
    assert (found.steal, found.foreign) == (0, None)


def test_a_server_of_the_users_own_is_known_by_the_session(proc, look):
    proc.end(SUPERVISOR)
    proc.processes[SERVER][0] = 1
    assert not look().stack
    seen = look(BACKEND)
    assert seen.stack
    assert {SERVER, BACKEND} <= seen.ours


def test_a_session_of_another_namespace_is_not_taken_for_a_process_here(proc, look):
    for pid in (BACKEND, SERVER, SUPERVISOR):
        proc.end(pid)
    proc.add(51, STRANGER, "a (strange) name")
    for pid in (STRANGER, 51, 4711):
        assert not look(pid).stack


def test_no_proc_is_no_error(tmp_path):
    assert read_machine(tmp_path / "none") is None
    assert Scout(HOME, BENCH, tmp_path).look() is None


def test_the_real_machine_can_be_read_and_a_busy_child_is_ours():
    scout = Scout(HOME, os.getpid())
    before = scout.look()
    assert os.getpid() in before.machine.processes
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    after = scout.look()
    own = after.machine.processes[os.getpid()].ticks - before.machine.processes[os.getpid()].ticks
    assert own >= 25, "the child's time is the parent's when it has ended"
    assert sum(after.machine.ticks.values()) > sum(before.machine.ticks.values())
    assert 0 <= (shares(replace(before, stack=True), replace(after, stack=True)).foreign or 0) <= 1
