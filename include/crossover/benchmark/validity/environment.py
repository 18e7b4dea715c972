"""Where a run took place, read from the machine itself."""

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import psutil

from crossover.settings import checkout

_GIB = 1024**3


def environment(configurations: Iterable[tuple[str, dict[str, str]]]) -> dict[str, str]:
    """Machine, versions and git revision; `configurations` are (engine's name, its configuration)."""
    found = {
        "cpu": _cpu_model(),
        "cores": f"{len(os.sched_getaffinity(0))} usable of {os.cpu_count()}",
        "memory": f"{psutil.virtual_memory().total / _GIB:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "crossover": version("crossover"),
        "git revision": _git_revision(),
    }
    limit = _cgroup_cpu_limit()
    if limit:
        found["cpu limit"] = limit
    for engine, configuration in configurations:
        found[engine] = configuration.get("version", "unknown")
        found |= {name: configuration[name] for name in ("iceberg", "java") if name in configuration}
    return found


def load_average() -> str:
    """Runnable processes over the last 1, 5 and 15 minutes."""
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith(("model name", "Model")):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _cgroup_cpu_limit() -> str:
    path = Path("/sys/fs/cgroup/cpu.max")
    quota, _, period = path.read_text(encoding="utf-8").strip().partition(" ") if path.is_file() else ("max", "", "")
    return "" if quota == "max" else f"{int(quota) / int(period):g} cores"


def _git_revision() -> str:
    root = checkout()
    if root is None:
        return "not a checkout"
    try:
        told = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        return f"unknown ({type(error).__name__})"
    return told.stdout.strip()
