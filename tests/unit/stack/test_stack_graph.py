import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from crossover.stack.doctor import Answer, machine_answers, tell
from crossover.stack.home import open_home
from crossover.stack.jars import Jar, _ivy_file, locked_jars
from crossover.stack.supervision import end_strays, strays
from crossover.stack.up import Step, run_graph


def test_a_step_runs_after_what_it_needs() -> None:
    order: list[str] = []
    steps = [
        Step("c", ("a", "b"), lambda: order.append("c")),
        Step("b", ("a",), lambda: order.append("b")),
        Step("a", (), lambda: order.append("a")),
    ]
    run_graph(steps)
    assert order == ["a", "b", "c"]


def test_independent_steps_run_side_by_side() -> None:
    barrier = threading.Barrier(2, timeout=5)
    run_graph([Step("a", (), lambda: barrier.wait() and None), Step("b", (), lambda: barrier.wait() and None)])


def test_a_failure_is_raised_and_what_needs_it_never_runs() -> None:
    ran: list[str] = []

    def fail() -> None:
        raise RuntimeError("planted")

    with pytest.raises(RuntimeError, match="planted"):
        run_graph([Step("a", (), fail), Step("b", ("a",), lambda: ran.append("b"))])
    assert ran == []


def test_every_locked_jar_has_a_place_and_a_checksum_of_its_own() -> None:
    jars = locked_jars()
    assert len({jar.path for jar in jars}) == len({jar.sha256 for jar in jars}) == len(jars)
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert {jar.folder for jar in jars} == {"kafka", "hdfs", "spark"}


def test_ivy_is_told_to_bring_nothing_else() -> None:
    text = _ivy_file([Jar("kafka", "g", "a", "1", "0" * 64)])
    assert 'transitive="false"' in text
    assert 'name="a" rev="1"' in text


def test_doctor_names_the_cure_of_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell([Answer("Java", False, "missing", "install it"), Answer("make", True, "/usr/bin/make")]) == 2
    text = capsys.readouterr().out
    assert "MISSING" in text
    assert "cure: install it" in text


def test_doctor_says_that_java_is_missing(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    answers = {answer.what: answer for answer in machine_answers(tmp_path)}
    assert not answers["Java 17 or newer"].good
    assert "openjdk" in answers["Java 17 or newer"].cure


def test_a_stray_is_found_by_its_mark_or_by_its_working_folder_and_nobody_else_is(tmp_path: Path) -> None:
    home = open_home(tmp_path / "state")
    home.working.mkdir(parents=True)
    wait = [sys.executable, "-c", "input()"]
    marked = subprocess.Popen(wait, stdin=subprocess.PIPE, env={**os.environ, "CROSSOVER_STACK": str(home.path)})
    placed = subprocess.Popen(wait, stdin=subprocess.PIPE, cwd=home.working)
    other = subprocess.Popen(wait, stdin=subprocess.PIPE, cwd=home.path)
    try:
        assert {process.pid for process in strays(home)} == {marked.pid, placed.pid}
        assert end_strays(home) == 2
        assert strays(home) == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
