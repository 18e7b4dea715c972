"""The rules of every Dockerfile, read from its text: tags, locked packages, who runs it, what may enter a build."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILES = ("Dockerfile", "tests/standins/Dockerfile")
PROJECT_TARGETS = ("app", "spark", "airflow", "airflow-local")


def instructions(file: str) -> list[str]:
    """The instructions of a Dockerfile, each on one line, without comments."""
    lines = [line for line in (ROOT / file).read_text().splitlines() if not line.startswith("#")]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def stages(file: str) -> dict[str, list[str]]:
    """The instructions of each stage by its name."""
    found: dict[str, list[str]] = {}
    for line in instructions(file):
        if line.startswith("FROM "):
            current = found.setdefault(line.split()[-1], [])
        elif not line.startswith("ARG ") or found:
            current.append(line)
    return found


@pytest.mark.parametrize("file", DOCKERFILES)
def test_every_base_is_a_stage_or_an_argument_with_a_tag(file: str) -> None:
    defaults = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", (ROOT / file).read_text(), re.MULTILINE))
    known = set(stages(file))
    bases = [line.split()[1] for line in instructions(file) if line.startswith("FROM ")]
    assert bases
    for base in bases:
        if base in known:
            continue
        argument = re.fullmatch(r"\$\{(\w+)\}", base)
        assert argument, f"FROM {base}: neither a stage nor a build argument"
        tag = defaults[argument[1]].rpartition(":")[2]
        assert re.search(r"\d", tag), f"{argument[1]} is not pinned by tag: {defaults[argument[1]]}"


@pytest.mark.parametrize("file", [*DOCKERFILES, "docker/install-locked"])
def test_every_package_is_installed_with_hashes_unless_it_is_our_own_wheel(file: str) -> None:
    text = (ROOT / file).read_text().replace("\\\n", " ")
    installs = re.findall(r"\bpip install\b[^&\n]*", "\n".join(x for x in text.splitlines() if not x.startswith("#")))
    assert installs
    for install in installs:
        own_wheel = "--no-deps" in install and install.rstrip().endswith("/mnt/wheel/*.whl")
        assert "--require-hashes" in install or own_wheel, install


@pytest.mark.parametrize("file", DOCKERFILES)
def test_nothing_comes_from_the_network_but_packages(file: str) -> None:
    for line in instructions(file):
        assert not line.startswith("ADD "), line
        assert not re.search(r"\b(curl|wget)\b|https?://", line), line


@pytest.mark.parametrize("target", PROJECT_TARGETS)
def test_each_image_ends_with_a_numbered_user_and_says_what_it_is(target: str) -> None:
    own = stages("Dockerfile")[target]
    users = [line for line in own if line.startswith("USER ")]
    assert re.fullmatch(r"USER \d+:\d+", users[-1])
    labels = next(line for line in own if line.startswith("LABEL "))
    for name in (f"title=crossover-{target}", "description=", "version=$VERSION"):
        assert f"org.opencontainers.image.{name}" in labels


def test_the_default_version_of_the_images_is_that_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert set(re.findall(r"^ARG VERSION=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)) == {version}


def test_the_build_tools_are_the_ones_that_make_setup_uses() -> None:
    locked = re.search(r"^uv==(\S+)", (ROOT / "requirements-build.txt").read_text(), re.MULTILINE)
    used = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert locked is not None
    assert used is not None
    assert locked[1] == used[1]


def test_a_build_gets_only_what_is_listed() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*", "everything is left out first"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    assert not {name for name in allowed if name.startswith((".", "helm", "compose"))}
    assert {"dags", "include", "plugins", "spark_jobs"} <= allowed
