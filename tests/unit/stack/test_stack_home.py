import socket
import stat
from pathlib import Path

import pytest

from crossover.errors import BadSetting
from crossover.stack.home import PORTS, SECRETS, open_home, port_is_free


def test_ports_and_secrets_are_chosen_once_and_kept(tmp_path: Path) -> None:
    first = open_home(tmp_path / "state")
    again = open_home(tmp_path / "state")
    assert first.values == again.values
    assert set(PORTS) | set(SECRETS) <= set(first.values)
    assert len({first.port(name) for name in PORTS}) == len(PORTS)


def test_the_file_with_the_passwords_is_for_its_owner_only(tmp_path: Path) -> None:
    home = open_home(tmp_path / "state")
    assert stat.S_IMODE((home.path / "stack.env").stat().st_mode) == 0o600


def test_a_busy_port_is_left_alone(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        assert not port_is_free(busy.getsockname()[1])
    with socket.socket() as holder:
        # Connections of a server that has just ended do not hold the port.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", PORTS["CROSSOVER_INGEST__PORT"]))
        except OSError:
            pass  # somebody else holds it already, which serves as well
        else:
            holder.listen()
        home = open_home(tmp_path / "state")
        assert home.port("CROSSOVER_INGEST__PORT") != PORTS["CROSSOVER_INGEST__PORT"]


def test_a_damaged_file_is_refused_with_a_cure(tmp_path: Path) -> None:
    home = open_home(tmp_path / "state")
    (home.path / "stack.env").write_text("CROSSOVER_POSTGRES__PORT=1\n")
    with pytest.raises(BadSetting, match="lacks"):
        open_home(home.path)


def test_a_folder_of_an_earlier_version_learns_what_came_later_and_keeps_the_rest(tmp_path: Path) -> None:
    first = open_home(tmp_path)
    name = "CROSSOVER_BENCHMARK__RESTART_COMMAND"
    file = tmp_path / "stack.env"
    file.write_text("".join(f"{key}={value}\n" for key, value in first.values.items() if key != name))
    assert open_home(tmp_path).values == first.values
    assert f"{name}=" in file.read_text()


def test_addresses_follow_the_ports(tmp_path: Path) -> None:
    home = open_home(tmp_path / "state")
    settings = home.settings
    assert settings.kafka.bootstrap_servers.endswith(home.values["STACK_KAFKA_PORT"])
    assert f":{home.values['STACK_NAMENODE_PORT']}/" in settings.lake.warehouse
    assert settings.lake.catalog_port == settings.postgres.port


def test_the_socket_path_is_short_however_deep_the_state_lies(tmp_path: Path) -> None:
    home = open_home(tmp_path / ("deep" * 20) / ("er" * 40))
    assert len(str(home.run / "supervisor.sock")) < 100
