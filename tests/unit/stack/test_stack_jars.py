"""The command that image builds fetch jars with."""

import subprocess
import sys
from pathlib import Path

import pytest

from crossover.stack.jars import locked_jars, main

ROOT = Path(__file__).resolve().parents[3]


def test_the_command_runs_where_no_package_is_installed() -> None:
    # -S leaves site-packages out, as in the build stage that fetches the jars.
    script = f"import sys; sys.path.append({str(ROOT / 'include')!r}); import crossover.stack.jars"
    done = subprocess.run([sys.executable, "-S", "-E", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_folder_that_the_lock_does_not_have_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--pyspark", str(tmp_path), "--only", "spark", "sparc"])
    assert "no folder sparc" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nothing_is_fetched_when_every_wanted_jar_is_there(tmp_path: Path) -> None:
    for jar in locked_jars():
        if jar.folder == "spark":
            (tmp_path / jar.path).parent.mkdir(exist_ok=True)
            (tmp_path / jar.path).touch()
    # With a jar missing this fails: there is no Ivy in that folder.
    assert main([str(tmp_path), "--pyspark", str(tmp_path), "--only", "spark"]) == 0


def test_the_stand_ins_have_a_lock_of_their_own() -> None:
    own = locked_jars(ROOT / "tests" / "standins" / "jars.lock")
    assert [jar.folder for jar in own] == ["postgres"]
    assert all(len(jar.sha256) == 64 for jar in own)
