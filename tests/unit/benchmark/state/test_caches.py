"""A cache state is really made, or it is said why not."""

import sys

import pytest

from crossover.benchmark.state import caches
from crossover.benchmark.state.caches import prepare, restart, unavailable
from crossover.errors import BadSetting, ServiceDown
from crossover.settings import Benchmark, Postgres, Settings


class Told:
    """An engine that writes down what is asked of it; the first `refusals` renewals fail."""

    def __init__(self, name, refusals=0):
        self.name, self.refusals, self.diary = name, refusals, []

    def renew(self):
        self.diary.append("renew")
        if self.refusals:
            self.refusals -= 1
            raise ServiceDown("starting up")

    def close(self):
        self.diary.append("close")


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """The file that stands for the kernel's."""
    file = tmp_path / "drop_caches"
    file.touch()
    monkeypatch.setattr(caches, "_DROP", file)
    monkeypatch.setattr(caches, "_AGAIN_SECONDS", 0.0)
    return file


def with_command(*words, **other):
    return Settings(benchmark=Benchmark(restart_command=" ".join(words)), **other)


def writing(tmp_path):
    """A restart command that writes the part's name into a file."""
    script = tmp_path / "restart.py"
    script.write_text(f"import sys, pathlib; pathlib.Path({str(tmp_path / 'part')!r}).write_text(sys.argv[1])")
    return with_command(sys.executable, str(script), "{part}")


def test_hot_leaves_the_session_alone_and_warm_begins_another():
    engine = Told("postgres")
    assert "same session" in prepare("hot", engine, Settings())
    assert engine.diary == []
    assert prepare("warm", engine, Settings()) == "new session"
    assert engine.diary == ["renew"]


@pytest.mark.parametrize(("name", "part"), [("postgres", "postgres"), ("spark", "spark-connect")])
def test_cold_restarts_the_server_drops_the_page_cache_and_waits_for_a_session(kernel, tmp_path, name, part):
    engine = Told(name, refusals=2)
    made = prepare("cold", engine, writing(tmp_path))
    assert (tmp_path / "part").read_text() == part
    assert kernel.read_text() == "3\n"
    assert engine.diary == ["close", "renew", "renew", "renew"]
    assert made == f"{part} restarted, page cache dropped, new session"


def test_cold_duckdb_has_no_server_to_restart(kernel, tmp_path):
    engine = Told("duckdb")
    assert "page cache dropped" in prepare("cold", engine, writing(tmp_path))
    assert not (tmp_path / "part").exists()
    assert kernel.read_text() == "3\n"


def test_what_cannot_be_made_is_said_in_plain_words(kernel, monkeypatch, tmp_path):
    assert unavailable("hot", Settings()) == unavailable("warm", Settings()) == ""
    assert unavailable("cold", with_command("x")) == ""
    assert "no command" in unavailable("cold", Settings())
    assert "PostgreSQL at db" in unavailable("cold", with_command("x", postgres=Postgres(host="db")))
    monkeypatch.setattr(caches, "_DROP", tmp_path / "not there")
    assert unavailable("cold", with_command("x")) == "the page cache can only be dropped by root"
    engine = Told("postgres")
    with pytest.raises(BadSetting, match="cold is not available here: no command"):
        prepare("cold", engine, Settings())
    assert engine.diary == []


def test_an_unknown_state_is_refused():
    with pytest.raises(BadSetting, match="'lukewarm'"):
        unavailable("lukewarm", Settings())


def test_a_restart_that_fails_ends_with_its_last_words():
    command = with_command(sys.executable, "-c", '\'import sys; print("a"); sys.exit("no such part")\'')
    with pytest.raises(ServiceDown, match=r"exit 1.*no such part"):
        restart("postgres", command)
    with pytest.raises(BadSetting, match="cannot be run"):
        restart("postgres", with_command("/no/such/program"))
