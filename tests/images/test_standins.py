"""The parts that chart and Compose start in official images: there under the paths, users and versions they name."""

import pytest

pytestmark = pytest.mark.images

PARTS = {
    "postgres:18.6-bookworm": (
        "999",
        "for program in initdb postgres psql pg_isready pg_dump pg_basebackup; do $program --version; done",
        ["(PostgreSQL) 18.6"] * 6,
    ),
    "apache/kafka:4.4.0": (
        "1000",
        "cd /opt/kafka; ls bin/kafka-server-start.sh libs/kafka-clients-*; bin/kafka-storage.sh random-uuid | wc -c",
        ["bin/kafka-server-start.sh", "libs/kafka-clients-4.4.0.jar", "23"],
    ),
    "apache/hadoop:3.4.2": (
        "1000",
        "cd /opt/hadoop; command -v hdfs; hdfs getconf -confKey dfs.replication 2>/dev/null",
        ["/opt/hadoop/bin/hdfs", "3"],
    ),
    "apache/airflow:3.3.2-python3.11": (
        "50000",
        "command -v airflow; airflow version",
        ["/.local/bin/airflow", "3.3.2"],
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_part_is_where_the_manifests_look_for_it(engine, name: str) -> None:
    if engine.call("image", "inspect", name, check=False).returncode != 0:
        pytest.skip(f"{name} is not here: make standins, or docker pull {name}")
    user, script, expected = PARTS[name]
    said = engine.run(name, "-c", f"set -e; id -u; {script}", entrypoint="sh", user=user).splitlines()
    assert said[0] == user
    assert len(said) == len(expected) + 1, said
    for line, words in zip(said[1:], expected, strict=True):
        assert line.strip().endswith(words), said
