"""`crossover restart PART` with a real supervisor over a part that is a small server."""

import argparse
import sys

import psutil
import pytest

from crossover.errors import BadInput, MissingPrerequisite
from crossover.settings import Settings
from crossover.stack.home import open_home
from crossover.stack.parts import Part
from crossover.stack.restart import restart_part, run
from crossover.stack.supervision import Supervisor

# Answers as ingest does.
SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == '/api/collect/health' else 404)
        self.end_headers()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def home(tmp_path):
    return open_home(tmp_path / "state")


def test_a_part_that_does_not_exist_is_refused_with_those_that_do(home):
    with pytest.raises(BadInput, match="'nope'") as error:
        restart_part(home, "nope")
    assert "spark-connect" in error.value.cure
    assert "postgres-databases" not in error.value.cure


def test_a_stack_that_is_not_up_is_said_to_be_down(home, tmp_path):
    with pytest.raises(MissingPrerequisite, match="no stack runs"):
        restart_part(home, "postgres")
    with pytest.raises(MissingPrerequisite, match="no stack in"):
        run(argparse.Namespace(part="postgres"), Settings(home=tmp_path / "nowhere"))


def test_a_part_is_another_process_afterwards_and_answers(home):
    script = home.path / "server.py"
    script.write_text(SERVER)
    command = (sys.executable, str(script), home.values["CROSSOVER_INGEST__PORT"])
    supervisor = Supervisor(home)
    supervisor.begin([Part("ingest", command)])
    try:
        supervisor.start("ingest")
        first = supervisor.pids()["ingest"]
        seconds = restart_part(home, "ingest")
        second = supervisor.pids()["ingest"]
        assert first != second
        assert not psutil.pid_exists(first)
        assert 0 < seconds < 60
    finally:
        supervisor.shut_down()
