"""Whose processes are counted for which stage."""

import pytest

from crossover.benchmark.write.cpu import STAGES, firsts, per_million, stage_of, unseen

COMMANDS = {
    "ingest": ["python", "-m", "crossover.cli", "ingest"],
    "kafka": ["java", "-Xmx512m", "-cp", "x", "kafka.Kafka", "server.properties"],
    "load": ["python", "-m", "crossover.cli", "load"],
    "postgres": ["/home/bin/postgres", "-D", "/home/data/postgres"],
    "stream": ["python", "-m", "spark_jobs.stream_logs", "--dataset", "d1", "--mode", "continuous"],
    "hdfs": ["java", "-cp", "x", "org.apache.hadoop.hdfs.server.datanode.DataNode"],
}


def test_every_stage_is_told_by_the_command_that_starts_it() -> None:
    assert set(COMMANDS) == set(STAGES)
    for stage, command in COMMANDS.items():
        assert stage_of(command, "d1", marked=True) == stage


def test_the_http_server_is_told_by_the_title_that_it_gives_itself() -> None:
    titled = ["granian", "asgi", "127.0.0.1:8080", "crossover.ingest.app:create"]
    assert stage_of(titled, "d1", marked=True) == "ingest"


@pytest.mark.parametrize("stage", sorted(set(COMMANDS) - {"stream"}))
def test_a_process_of_another_stack_is_not_counted(stage: str) -> None:
    assert stage_of(COMMANDS[stage], "d1", marked=False) is None


def test_the_stream_is_told_by_its_dataset_and_not_by_the_stacks_mark() -> None:
    assert stage_of(COMMANDS["stream"], "d1", marked=False) == "stream"
    assert stage_of(COMMANDS["stream"], "d2", marked=True) is None


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["python", "-m", "crossover.cli", "benchmark", "write", "--run", "ingest"],
        ["grep", "kafka.KafkaX"],
        ["postgres: crossover crossover 127.0.0.1(1234) idle"],
        ["python", "-m", "spark_jobs.connect_server"],
    ],
)
def test_other_processes_are_no_stage(command: list[str]) -> None:
    assert stage_of(command, "d1", marked=True) is None


def test_a_process_below_its_like_is_counted_with_it_and_not_again() -> None:
    parents = {10: 1, 11: 10, 12: 11, 20: 1, 21: 20}
    stages = {10: "stream", 12: "stream", 20: "hdfs", 21: "load"}
    assert firsts(stages, parents) == {10: "stream", 20: "hdfs", 21: "load"}


def test_cpu_time_is_per_million_records_and_only_of_stages_that_were_seen_whole() -> None:
    before = {"kafka": 10.0, "load": 5.0, "ingest": 1.0}
    after = {"kafka": 12.0, "load": 5.5, "ingest": 0.2, "hdfs": 3.0}
    assert per_million(before, after, 250_000) == {"kafka": 8.0, "load": 2.0}
    with pytest.raises(ValueError, match="no records"):
        per_million(before, after, 0)


def test_the_stages_that_cannot_be_seen_are_named() -> None:
    assert unseen({"kafka", "generator", "load", "postgres", "ingest"}) == ["hdfs", "stream"]
