"""A docker engine that has the images, and one way to run them: read-only and without rights, as in the cluster."""

import json
import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
LENT = ROOT.parent / "shared" / "k8s" / "docker"


class Engine:
    """The docker command that `make images` used."""

    def __init__(self, command: str) -> None:
        self.command = command

    def call(self, *arguments: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([self.command, *arguments], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, f"{' '.join(arguments)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done

    def run(self, image: str, *command: str, text: str | None = None, entrypoint: str = "", user: str = "") -> str:
        """Standard output of a command in a container with a read-only root, no capability and only /tmp to write."""
        limits = ["--read-only", "--tmpfs", "/tmp:exec", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        limits += ["--entrypoint", entrypoint] if entrypoint else []
        limits += ["--user", user] if user else []
        return self.call("run", "--rm", "--interactive", *limits, image, *command, text=text).stdout

    def inspect(self, image: str) -> dict[str, Any]:
        return json.loads(self.call("image", "inspect", image).stdout)[0]


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Skips with its reason where there is no engine."""
    found = Engine(os.environ.get("DOCKER") or (str(LENT) if LENT.is_file() else "docker"))
    try:
        answer = found.call("version", check=False)
    except FileNotFoundError:
        pytest.skip(f"no docker engine: there is no command {found.command}")
    if answer.returncode != 0:
        pytest.skip(f"no docker engine: {answer.stderr.strip().splitlines()[-1]}")
    return found


@pytest.fixture(scope="session")
def image(engine: Engine) -> Callable[[str], str]:
    """The full name of an image of ours that was built; skips where it was not."""

    def named(target: str) -> str:
        name = f"crossover-{target}:{VERSION}"
        if engine.call("image", "inspect", name, check=False).returncode != 0:
            pytest.skip(f"{name} is not built: make images")
        return name

    return named
