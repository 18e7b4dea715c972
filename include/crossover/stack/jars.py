"""The Java archives: each pinned by version and SHA-256 in jars.lock, fetched once with the Ivy that pyspark ships."""

import hashlib
import logging
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from crossover.errors import CorruptData, MissingPrerequisite, ServiceDown

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Jar:
    """One archive: the folder it belongs to (kafka, hdfs, spark), its Maven coordinates, its SHA-256."""

    folder: str
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies below the jars folder."""
        return Path(self.folder) / f"{self.artifact}-{self.version}.jar"


def locked_jars() -> list[Jar]:
    """The content of jars.lock: lines `folder group:artifact:version sha256`."""
    lines = files("crossover.stack").joinpath("jars.lock").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    jars = []
    for folder, coordinates, sha in rows:
        group, artifact, version = coordinates.split(":")
        jars.append(Jar(folder, group, artifact, version, sha))
    return jars


def spark_home() -> Path:
    """The installed pyspark package. Raises MissingPrerequisite."""
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None or not (Path(spec.origin).parent / "jars").is_dir():
        raise MissingPrerequisite("pyspark with its jars is not installed", cure="make setup")
    return Path(spec.origin).parent


def fetch_jars(folder: Path, java: str) -> int:
    """Bring every locked jar that is not there yet; return how many were fetched.

    A jar is checked against its SHA-256 before it gets its place, so one that is there is one that was verified.
    """
    missing = [jar for jar in locked_jars() if not (folder / jar.path).is_file()]
    if not missing:
        return 0
    log.info("fetching %d of %d jars", len(missing), len(locked_jars()))
    incoming = folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    _run_ivy(missing, incoming, folder / "ivy-cache", java)
    for jar in missing:
        arrived = incoming / jar.path
        digest = hashlib.sha256(arrived.read_bytes()).hexdigest()
        if digest != jar.sha256:
            raise CorruptData(
                f"{jar.path.name} has SHA-256 {digest}, jars.lock says {jar.sha256}",
                cure="fetch again; if it stays, the package source does not serve what was locked",
            )
        (folder / jar.path).parent.mkdir(exist_ok=True)
        arrived.replace(folder / jar.path)
    shutil.rmtree(incoming)
    shutil.rmtree(folder / "ivy-cache", ignore_errors=True)
    return len(missing)


def _ivy_file(jars: Iterable[Jar]) -> str:
    """An Ivy module without transitivity: what is locked is complete, nothing else may come."""
    jars = list(jars)
    confs = "".join(f'<conf name="{name}"/>' for name in sorted({jar.folder for jar in jars}))
    dependencies = "".join(
        f'<dependency org="{j.group}" name="{j.artifact}" rev="{j.version}" transitive="false"'
        f' conf="{j.folder}->default"/>'
        for j in jars
    )
    return (
        '<ivy-module version="2.0"><info organisation="crossover" module="jars"/>'
        f"<configurations>{confs}</configurations><dependencies>{dependencies}</dependencies></ivy-module>"
    )


def _run_ivy(jars: list[Jar], into: Path, cache: Path, java: str) -> None:
    ivy = next((spark_home() / "jars").glob("ivy-*.jar"))
    module = into / "ivy.xml"
    module.write_text(_ivy_file(jars), encoding="utf-8")
    pattern = str(into / "[conf]" / "[artifact]-[revision].[ext]")
    command = [
        java,
        "-jar",
        str(ivy),
        "-ivy",
        str(module),
        "-cache",
        str(cache),
        "-retrieve",
        pattern,
        "-types",
        "jar",
        "bundle",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or any(not (into / jar.path).is_file() for jar in jars):
        lines = [
            line for line in done.stdout.splitlines() if "FAILED" in line or "not found" in line or "ERROR" in line
        ]
        raise ServiceDown(
            "jars could not be fetched: " + "; ".join(lines[:5] or done.stderr.splitlines()[-3:]),
            cure="check the network and run it again; what has arrived is kept",
        )
