"""The two scripts that a person or every container runs."""

import base64
import http.server
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


def values(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A copy of what make-env reads, so that no test touches the user's .env."""
    shutil.copy(root / ".env.example", tmp_path)
    (tmp_path / "compose").mkdir()
    shutil.copy(root / "compose" / "make-env", tmp_path / "compose")
    return tmp_path


def make_env(checkout: Path) -> str:
    done = subprocess.run([checkout / "compose" / "make-env"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_env_has_a_secret_of_its_own_behind_each_empty_name(checkout: Path, example: dict[str, str]) -> None:
    make_env(checkout)
    made = values(checkout / ".env")
    assert set(made) == set(example)
    secrets = [made[name] for name, value in example.items() if not value]
    assert len(set(secrets)) == len(secrets) == 8
    assert all(len(base64.urlsafe_b64decode(secret)) == 32 for secret in secrets)
    assert {name: made[name] for name, value in example.items() if value} == {n: v for n, v in example.items() if v}
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600


def test_env_made_again_keeps_what_it_says_and_names_what_differs(checkout: Path) -> None:
    make_env(checkout)
    file = checkout / ".env"
    first = values(file)
    kept = [line for line in file.read_text().splitlines() if not line.startswith("AIRFLOW_JWT_SECRET=")]
    file.write_text("\n".join(kept).replace("postgres:18.6-bookworm", "mirror/postgres:18.5-bookworm") + "\n")
    said = make_env(checkout)
    again = values(file)
    assert "keeps POSTGRES_IMAGE=mirror/postgres:18.5-bookworm; .env.example has postgres:18.6-bookworm" in said
    assert "1 settings added" in said
    assert again.pop("AIRFLOW_JWT_SECRET") != first.pop("AIRFLOW_JWT_SECRET")
    assert again == first | {"POSTGRES_IMAGE": "mirror/postgres:18.5-bookworm"}


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"scheduler":{"status":"healthy"},"triggerer":{"status":"unhealthy"}}'
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield str(server.server_port)
        server.shutdown()


def healthy(root: Path, *words: str) -> bool:
    command = ["bash", str(root / "compose" / "healthy"), "127.0.0.1", *words]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


def test_health_is_an_open_port_or_a_good_answer_that_says_so(root: Path, port: str) -> None:
    assert healthy(root, port)
    assert healthy(root, port, "/health")
    assert healthy(root, port, "/health", '"scheduler":\\{"status":"healthy"')
    assert not healthy(root, port, "/health", '"triggerer":\\{"status":"healthy"')
    assert not healthy(root, port, "/elsewhere")


def test_nobody_listening_is_not_healthy(root: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert not healthy(root, str(taken.getsockname()[1]))
