from pathlib import Path

import pytest

from crossover.errors import BadSetting
from crossover.settings import load_settings
from crossover.sql import sql


def test_the_environment_wins_over_the_stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stack.env").write_text("CROSSOVER_POSTGRES__PORT=6001\nCROSSOVER_INGEST__PORT=6002\n")
    monkeypatch.setenv("CROSSOVER_POSTGRES__PORT", "7001")
    settings = load_settings(home=tmp_path)
    assert (settings.postgres.port, settings.ingest.port) == (7001, 6002)


def test_a_wrong_value_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSOVER_KAFKA__LOG_PARTITIONS", "many")
    with pytest.raises(BadSetting, match=r"CROSSOVER_KAFKA__LOG_PARTITIONS: .*got 'many'"):
        load_settings(home=tmp_path)


@pytest.mark.parametrize("name", ["", "Main", "1a", "a-b", "a.b", "a;drop table x", "x" * 41])
def test_a_dataset_name_that_is_no_identifier_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match="CROSSOVER_DATASET"):
        load_settings(home=tmp_path, dataset=name)


def test_secrets_do_not_show_in_the_settings_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSOVER_POSTGRES__PASSWORD", "canary-4711")
    settings = load_settings(home=tmp_path)
    assert "canary-4711" not in repr(settings) + settings.postgres.dsn


def test_a_placeholder_without_a_name_is_refused() -> None:
    with pytest.raises(BadSetting, match="placeholders"):
        sql("schema/dataset.sql")


def test_a_name_without_a_placeholder_is_refused() -> None:
    with pytest.raises(BadSetting, match="given"):
        sql("schema/platform.sql", level="ERROR")
