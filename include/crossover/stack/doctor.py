"""`crossover doctor`: name each missing prerequisite and its cure.

This file imports nothing but the standard library at its top, so that `make doctor` can run it on a machine on which
nothing of ours is installed yet.
"""

import argparse
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossover.settings import Settings

PYTHON = (3, 11)
JAVA = 17
DISK_GIB = 8
MEMORY_GIB = 8


@dataclass(frozen=True)
class Answer:
    """One prerequisite: met or not, what was found, what to do."""

    what: str
    good: bool
    found: str
    cure: str = ""


def machine_answers(folder: Path) -> Iterator[Answer]:
    """What the machine must have before anything is installed. `folder` is where the state will lie."""
    version = ".".join(str(number) for number in sys.version_info[:3])
    yield Answer(
        "Python 3.11 or newer",
        sys.version_info >= PYTHON,
        version,
        "install it, or name it: make PYTHON=python3.12 ...",
    )
    venv = importlib.util.find_spec("venv") is not None and importlib.util.find_spec("ensurepip") is not None
    yield Answer("Python's venv", venv, "there" if venv else "missing", "Debian, Ubuntu: apt-get install python3-venv")
    yield _java()
    make = shutil.which("make")
    yield Answer("make", make is not None, make or "missing", "Debian, Ubuntu: apt-get install make")
    yield Answer("Linux", sys.platform == "linux", sys.platform, "the embedded stack is tested on Linux only")
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    yield Answer(
        f"{DISK_GIB} GiB of disk",
        free >= DISK_GIB,
        f"{free:.0f} GiB free at {folder}",
        "free some, or set CROSSOVER_HOME",
    )
    yield Answer(
        "a writable state folder", os.access(folder, os.W_OK), str(folder), "set CROSSOVER_HOME to a folder of yours"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield Answer(f"{MEMORY_GIB} GiB of memory", memory >= MEMORY_GIB, f"{memory:.0f} GiB", "use a larger machine")


def _java() -> Answer:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    cure = "Debian, Ubuntu: apt-get install openjdk-17-jre-headless; or set JAVA_HOME"
    if not java or not Path(java).is_file():
        return Answer(f"Java {JAVA} or newer", False, f"none at {java}" if java else "missing", cure)
    major, text = java_version(java)
    return Answer(f"Java {JAVA} or newer", major >= JAVA, f"{text} at {java}", cure)


def java_version(java: str) -> tuple[int, str]:
    """Major version of this java (0 if it does not tell), and its own words."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    words = told.split('"')
    number = words[1].split(".")[0] if len(words) > 1 else ""
    return (int(number) if number.isdigit() else 0), (words[1] if len(words) > 1 else told[:60])


def installed_answers(settings: "Settings") -> Iterator[Answer]:
    """What `make setup` and `crossover up` have made."""
    from crossover.stack.jars import locked_jars

    versions = {name: _version(name) for name in ("pyspark", "pyspark-client", "apache-airflow")}
    same = versions["pyspark"] == versions["pyspark-client"] is not None
    found = ", ".join(f"{name} {version or 'missing'}" for name, version in versions.items())
    yield Answer("Python packages", same and versions["apache-airflow"] is not None, found, "make setup")
    jars = settings.home / "jars"
    absent = [jar.path.name for jar in locked_jars() if not (jars / jar.path).is_file()]
    state = f"{len(locked_jars()) - len(absent)} of {len(locked_jars())} in {jars}"
    yield Answer("Java archives", not absent, state, "crossover up fetches and verifies them")
    yield from _ports(settings)


def _ports(settings: "Settings") -> Iterator[Answer]:
    from crossover.stack.home import PORTS, open_home, port_is_free, who_listens
    from crossover.stack.supervision import Supervisor

    if not (settings.home / "stack.env").is_file():
        yield Answer("ports", True, "none chosen yet; busy ones are avoided at the first start")
        return
    home = open_home(settings.home)
    if Supervisor(home).is_running():
        yield Answer("ports", True, "held by the running stack")
        return
    busy = [
        f"{home.port(name)} ({who_listens(home.port(name))})" for name in PORTS if not port_is_free(home.port(name))
    ]
    cure = f"stop what holds them, or change them in {home.path / 'stack.env'}"
    yield Answer("ports", not busy, f"busy: {', '.join(busy)}" if busy else "free", cure)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def tell(answers: list[Answer]) -> int:
    """Print them; 0 if all are good, else 2."""
    for answer in answers:
        print(f"{'ok     ' if answer.good else 'MISSING'}  {answer.what:<26} {answer.found}")
        if not answer.good:
            print(f"         cure: {answer.cure}")
    return 0 if all(answer.good for answer in answers) else 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""
    parser.set_defaults()


def run(arguments: argparse.Namespace, settings: "Settings") -> int:  # noqa: ARG001
    """Check the machine and what is installed."""
    return tell([*machine_answers(settings.home), *installed_answers(settings)])


if __name__ == "__main__":
    sys.exit(tell(list(machine_answers(Path(os.environ.get("CROSSOVER_HOME", "."))))))
