"""The Java archives: each pinned by version and SHA-256 in jars.lock, fetched once with the Ivy that pyspark ships.

`python -m crossover.stack.jars INTO --pyspark FOLDER [--only FOLDER ...] [--lock FILE]` is for image builds, which run
it before the dependencies of the package are there: nothing here may need them.
"""

import argparse
import hashlib
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from crossover.errors import CorruptData, CrossoverError, ServiceDown

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


def locked_jars(lock: Path | None = None) -> list[Jar]:
    """The content of `lock`, by default of jars.lock: lines `folder group:artifact:version sha256`."""
    text = (lock or files("crossover.stack").joinpath("jars.lock")).read_text(encoding="utf-8")
    lines = text.splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    jars = []
    for folder, coordinates, sha in rows:
        group, artifact, version = coordinates.split(":")
        jars.append(Jar(folder, group, artifact, version, sha))
    return jars


def fetch_jars(folder: Path, java: str, pyspark: Path, jars: Iterable[Jar] | None = None) -> int:
    """Bring each of `jars`, by default every locked one, that is not there yet; return how many were fetched.

    `pyspark` is the installed package, whose Ivy does it.
    A jar is checked against its SHA-256 before it gets its place, so one that is there is one that was verified.
    """
    wanted = locked_jars() if jars is None else list(jars)
    missing = [jar for jar in wanted if not (folder / jar.path).is_file()]
    if not missing:
        return 0
    log.info("fetching %d of %d jars", len(missing), len(wanted))
    incoming = folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    ivy = next((pyspark / "jars").glob("ivy-*.jar"))
    _run_ivy([java, "-jar", str(ivy)], missing, incoming, folder / "ivy-cache")
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


def _run_ivy(ivy: list[str], jars: list[Jar], into: Path, cache: Path) -> None:
    module = into / "ivy.xml"
    module.write_text(_ivy_file(jars), encoding="utf-8")
    pattern = str(into / "[conf]" / "[artifact]-[revision].[ext]")
    command = [
        *ivy,
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


def main(argv: list[str] | None = None) -> int:
    """Fetch locked jars into a folder; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m crossover.stack.jars", description=main.__doc__)
    parser.add_argument("into", type=Path)
    parser.add_argument("--pyspark", type=Path, required=True, help="the installed package")
    parser.add_argument("--only", nargs="+", metavar="FOLDER", help="folders of the lock; default: all")
    parser.add_argument("--lock", type=Path, help="another lock than the stack's")
    arguments = parser.parse_args(argv)
    jars = locked_jars(arguments.lock)
    unknown = set(arguments.only or ()) - {jar.folder for jar in jars}
    if unknown:
        parser.error(f"the lock has no folder {', '.join(sorted(unknown))}")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    try:
        wanted = [jar for jar in jars if not arguments.only or jar.folder in arguments.only]
        fetch_jars(arguments.into, "java", arguments.pyspark, wanted)
    except CrossoverError as error:
        log.error("%s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
