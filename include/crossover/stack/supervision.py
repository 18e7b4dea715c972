"""Supervisor (from PyPI) keeps the parts running: starts, restarts after a crash, stops in order, writes the logs."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil

from crossover.errors import ServiceDown, ServiceTimeout
from crossover.stack.home import Home
from crossover.stack.parts import Part, base_environment


class Supervisor:
    """The supervisor daemon of one state folder, spoken to over its Unix socket."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.socket = home.run / "supervisor.sock"

    def _api(self) -> Any:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def is_running(self) -> bool:
        """True if the daemon answers."""
        try:
            return bool(self._api().getState()["statename"])
        except (OSError, Fault):
            return False

    def begin(self, parts: list[Part]) -> None:
        """Start the daemon with these parts (none of them started yet), or give a running one the new list."""
        self._write_configuration(parts)
        if self.is_running():
            self._adopt_changes()
            return
        self.home.run.mkdir(mode=0o700, exist_ok=True)
        self.home.working.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.home.conf / "supervisord.conf")]
        done = subprocess.run(command, env=base_environment(self.home), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServiceDown(f"the supervisor did not start: {done.stderr.strip() or done.stdout.strip()}")
        deadline = time.monotonic() + 15
        while not self.is_running():
            if time.monotonic() > deadline:
                raise ServiceTimeout("the supervisor does not answer", cure=f"see {self.home.log_file('supervisor')}")
            time.sleep(0.1)

    def _adopt_changes(self) -> None:
        api = self._api()
        added, changed, removed = api.reloadConfig()[0]
        for name in removed + changed:
            api.stopProcessGroup(name)
            api.removeProcessGroup(name)
        for name in added + changed:
            api.addProcessGroup(name)

    def _write_configuration(self, parts: list[Part]) -> None:
        sections = [_DAEMON.format(home=self.home.path, run=self.home.run, working=self.home.working)]
        for priority, part in enumerate(parts, start=1):
            environment = ",".join(f'{k}="{_escaped(v)}"' for k, v in part.environment.items())
            sections.append(
                _PROGRAM.format(
                    name=part.name,
                    command=" ".join(_quoted(word) for word in part.command),
                    priority=priority,
                    environment=environment,
                    user=f"user={part.user}" if part.user else "",
                    signal=part.stop_signal,
                    stop_seconds=part.stop_seconds,
                    # A whole group is stopped where a part starts children of its own. PostgreSQL is not: its children
                    # obey the parent, and a signal to all of them would look like a crash.
                    group="false" if part.name == "postgres" else "true",
                    log=self.home.log_file(part.name),
                )
            )
        file = self.home.conf / "supervisord.conf"
        file.touch(mode=0o600)
        file.write_text("\n".join(sections), encoding="utf-8")

    def start(self, name: str) -> None:
        """Ask for a part that is not running; whether it works is the health check's to say."""
        try:
            self._api().startProcess(name, False)
        except Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise ServiceDown(f"{name} cannot be started: {fault.faultString}") from fault

    def state(self, name: str) -> str:
        """RUNNING, STARTING, BACKOFF, FATAL, STOPPED ... (supervisor's words)."""
        return str(self._api().getProcessInfo(name)["statename"])

    def pids(self) -> dict[str, int]:
        """Process id of each part that runs."""
        return {row["name"]: row["pid"] for row in self._api().getAllProcessInfo() if row["pid"]}

    def stop(self, name: str) -> None:
        """Stop one part and wait for its end."""
        try:
            self._api().stopProcess(name, True)
        except Fault as fault:
            if "NOT_RUNNING" not in fault.faultString:
                raise ServiceDown(f"{name} cannot be stopped: {fault.faultString}") from fault

    def shut_down(self, timeout_seconds: float = 60) -> None:
        """End the daemon and whatever it still runs."""
        self._api().shutdown()
        deadline = time.monotonic() + timeout_seconds
        while self.is_running():
            if time.monotonic() > deadline:
                raise ServiceTimeout("the supervisor does not end", cure="crossover down once more ends it by force")
            time.sleep(0.1)
        shutil.rmtree(self.home.run, ignore_errors=True)


def strays(home: Home) -> list[psutil.Process]:
    """Processes of this stack that no supervisor watches: what a `kill -9` of the supervisor leaves behind.

    A part is known by a mark in its environment or by its working folder: servers that set their process title write
    over the former, PostgreSQL leaves the latter.
    """
    mine = psutil.Process().pid
    return [process for process in psutil.process_iter(["pid"]) if process.pid != mine and _is_of(home, process)]


def _is_of(home: Home, process: psutil.Process) -> bool:
    try:
        return process.cwd() == str(home.working) or process.environ().get("CROSSOVER_STACK") == str(home.path)
    except psutil.Error:
        return False


def end_strays(home: Home) -> int:
    """Stop them: first asked, after 10 s by force. Returns how many there were."""
    found = strays(home)
    for process in found:
        _signal(process, force=False)
    _, alive = psutil.wait_procs(found, timeout=10)
    for process in alive:
        _signal(process, force=True)
    psutil.wait_procs(alive, timeout=10)
    return len(found)


def _signal(process: psutil.Process, *, force: bool) -> None:
    try:
        process.kill() if force else process.terminate()
    except psutil.NoSuchProcess:
        return


def _escaped(value: str) -> str:
    return value.replace("%", "%%").replace('"', '\\"')


def _quoted(word: str) -> str:
    escaped = word.replace("%", "%%")
    return f'"{escaped}"' if any(c in escaped for c in " ;*'") else escaped


def log_tail(file: Path, lines: int = 12) -> str:
    """The last lines of a log, indented; empty if there is none."""
    if not file.is_file():
        return ""
    return "\n".join("    " + line for line in file.read_text(errors="replace").splitlines()[-lines:])


_DAEMON = """[supervisord]
logfile={home}/logs/supervisor.log
logfile_maxbytes=10MB
pidfile={run}/supervisor.pid
childlogdir={home}/logs
nodaemon=false
directory={working}
minfds=4096

[unix_http_server]
file={run}/supervisor.sock
chmod=0700

[supervisorctl]
serverurl=unix://{run}/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

_PROGRAM = """[program:{name}]
command={command}
priority={priority}
environment={environment}
{user}
autostart=false
autorestart=true
startsecs=3
startretries=3
stopsignal={signal}
stopwaitsecs={stop_seconds}
stopasgroup={group}
killasgroup={group}
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=2
"""
