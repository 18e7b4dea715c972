"""Budgets are enforced by the kernel on real processes, read back, and taken away again."""

import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest

from crossover.benchmark.state import affinity, budget, cgroups
from crossover.benchmark.state.budget import Budget, enforced, fitted, unavailable
from crossover.benchmark.state.servers import processes
from crossover.errors import BadSetting
from crossover.settings import Postgres, Settings, Spark

CORES = len(os.sched_getaffinity(0))
# Listens, has a second thread and a child, and says so; ends when its input does.
SERVER = """
import socket, subprocess, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=threading.Event().wait, daemon=True).start()
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(listener.getsockname()[1], flush=True)
input()
child.kill()
"""
needs_two = pytest.mark.skipif(CORES < 2, reason="one core cannot be halved")


@contextmanager
def server():
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process.pid, int(process.stdout.readline())
    finally:
        process.communicate("\n")


@pytest.fixture
def servers():
    """Two servers; (process id, port) of each, and the settings that name them."""
    with server() as one, server() as other:
        yield (
            one,
            other,
            Settings(postgres=Postgres(port=one[1]), spark=Spark(connect_url=f"sc://127.0.0.1:{other[1]}")),
        )


def masks(pid):
    members = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    assert len(members) == 2
    threads = [thread.id for process in members for thread in process.threads()]
    assert len(threads) >= 3
    return {frozenset(os.sched_getaffinity(thread)) for thread in threads}


def test_a_server_is_found_by_the_port_that_it_listens_on(servers):
    (first, _), (second, _), settings = servers
    assert [processes(engine, settings)[0].pid for engine in ("postgres", "spark")] == [first, second]
    assert len(processes("postgres", settings)) == 2
    assert processes("duckdb", settings) == [psutil.Process()]


def test_where_budgets_cannot_be_enforced_it_is_said_why(servers):
    _, _, settings = servers
    assert unavailable(settings) == ""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert f"listens on port {port} (postgres)" in unavailable(Settings(postgres=Postgres(port=port)))
    away = unavailable(Settings(postgres=Postgres(host="db")))
    assert away.startswith("PostgreSQL at db")
    assert "equal limits" in away
    with (
        pytest.raises(BadSetting, match="PostgreSQL at db"),
        enforced(Budget(1), Settings(postgres=Postgres(host="db"))),
    ):
        pass


@needs_two
def test_every_thread_and_child_is_held_to_its_cores_and_freed_afterwards(servers, monkeypatch):
    monkeypatch.setattr(cgroups, "place_beside", lambda pid: None)
    (first, _), (second, _), settings = servers
    before = masks(first)
    with enforced({"postgres": Budget(1, 2**30), "spark": Budget(2)}, settings) as held:
        assert {len(mask) for mask in masks(first)} == {1}
        assert {len(mask) for mask in masks(second)} == {2}
        assert (held["postgres"].cores, held["spark"].cores) == (1.0, 2.0)
        assert held["postgres"].memory_bytes is None, "affinity limits no memory, so none may be claimed"
        assert held["postgres"].how == "CPU affinity"
    assert masks(first) == masks(second) == before


@needs_two
def test_one_budget_is_that_of_both_servers_and_an_error_frees_them(servers, monkeypatch):
    monkeypatch.setattr(cgroups, "place_beside", lambda pid: None)
    (first, _), (second, _), settings = servers
    before = masks(first)

    def fail():
        with enforced(Budget(1), settings) as held:
            assert set(held) == {"postgres", "spark"}
            assert {len(mask) for mask in masks(first) | masks(second)} == {1}
            raise RuntimeError("planted")

    with pytest.raises(RuntimeError, match="planted"):
        fail()
    assert masks(first) == masks(second) == before


@needs_two
def test_duckdb_is_held_with_this_process_and_keeps_its_own_memory_limit(servers, monkeypatch):
    monkeypatch.setattr(cgroups, "place_beside", lambda pid: None)
    before = os.sched_getaffinity(0)
    with enforced({"duckdb": Budget(1, 2**30)}, servers[2]) as held:
        assert len(os.sched_getaffinity(0)) == 1
        assert (held["duckdb"].cores, held["duckdb"].memory_bytes) == (1.0, 2**30)
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("cores", [0.5, 0, CORES + 1])
def test_affinity_knows_whole_cores_of_this_machine_only(cores):
    with pytest.raises(BadSetting, match="a whole number from 1"), affinity.held(psutil.Process(), cores):
        pass


def test_engines_plan_for_the_budget():
    settings = fitted(Settings(), Budget(1.5, 2**30))
    assert (settings.benchmark.cores, settings.benchmark.duckdb_memory) == (1, f"{2**30}B")
    assert fitted(Settings(), Budget(4)).benchmark.duckdb_memory == Settings().benchmark.duckdb_memory


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder that looks like a group of version 2 with this process in a child of it."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory\n")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr(cgroups, "group_of", lambda pid, root: home)
    return tmp_path


def test_a_group_is_made_beside_the_servers_own_where_the_controllers_are(tree):
    assert cgroups.place_beside(1, tree) == tree
    (tree / "cgroup.controllers").write_text("cpu io\n")
    assert cgroups.place_beside(1, tree) is None


def test_controllers_are_handed_down_when_they_are_not_yet(tree):
    (tree / "cgroup.subtree_control").write_text("\n")
    assert cgroups.place_beside(1, tree) == tree
    assert (tree / "cgroup.subtree_control").read_text() == "+cpu +memory"


def test_a_group_gets_its_limits_and_the_process_goes_back_home(tree):
    with cgroups.held(tree, "mine", psutil.Process(), 1.5, 2**30, tree) as found:
        assert (tree / "mine" / "cpu.max").read_text() == "150000 100000"
        assert (tree / "mine" / "cgroup.procs").read_text() == str(os.getpid())
        assert found == cgroups.Limits(1.5, 2**30)
    assert (tree / "home" / "cgroup.procs").read_text() == str(os.getpid())


def test_a_group_without_limits_says_so(tmp_path):
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert cgroups.limits(tmp_path) == cgroups.Limits(None, None)


def test_a_group_that_the_kernel_refuses_is_a_plain_error(tree):
    (tree / "taken").write_text("a file where the group should be")
    with (
        pytest.raises(BadSetting, match="the kernel refuses"),
        cgroups.held(tree, "taken", psutil.Process(), 1, None, tree),
    ):
        pass


def test_in_a_group_the_limits_are_those_that_were_read_back(tree, servers, monkeypatch):
    monkeypatch.setattr(budget.cgroups, "place_beside", lambda pid: tree)
    monkeypatch.setattr(budget.cgroups, "ROOT", tree)
    monkeypatch.setattr(cgroups, "limits", lambda group: cgroups.Limits(0.75, 12345))
    monkeypatch.setattr(cgroups, "_members", lambda group: set())
    with enforced({"postgres": Budget(1, 2**30)}, servers[2]) as held:
        assert (held["postgres"].cores, held["postgres"].memory_bytes) == (0.75, 12345)
