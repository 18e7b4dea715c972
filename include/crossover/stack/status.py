"""`crossover status`: what each part does, where it is, what it holds in memory."""

import argparse
from pathlib import Path

import psutil

from crossover.errors import MissingPrerequisite
from crossover.settings import Settings
from crossover.stack.health import checks, why_unhealthy
from crossover.stack.home import open_home
from crossover.stack.parts import all_parts
from crossover.stack.supervision import Supervisor
from crossover.stack.up import find_java


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""
    parser.set_defaults()


def proportional_memory(pid: int) -> int:
    """PSS in bytes of a process and its children: shared pages are counted once over all who share them."""
    total = 0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return total


def run(arguments: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001
    """Print one line a part; exit 0 only if every part is healthy."""
    if not (settings.home / "stack.env").is_file():
        raise MissingPrerequisite(f"no stack in {settings.home}", cure="crossover up")
    home = open_home(settings.home)
    supervisor, health = Supervisor(home), checks(home)
    pids = supervisor.pids() if supervisor.is_running() else {}
    unhealthy, memory = 0, 0
    print(f"{'part':<22}{'health':<10}{'PSS MiB':>8}  address and log")
    for part in all_parts(home, find_java(), settings.benchmark.cores):
        reason = why_unhealthy(health[part.name]) if part.name in pids else "not running"
        unhealthy += reason is not None
        used = proportional_memory(pids[part.name]) if part.name in pids else 0
        memory += used
        word = "ok" if reason is None else "DOWN"
        print(f"{part.name:<22}{word:<10}{used // 2**20:>8}  {part.address} {home.log_file(part.name)}")
        if reason is not None and part.name in pids:
            print(f"{'':<22}{reason}")
    print(f"{'all parts':<32}{memory // 2**20:>8}  state in {home.path}")
    return 0 if unhealthy == 0 else 3
