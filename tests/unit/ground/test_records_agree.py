"""One definition of the record: Python, Arrow, the SQL DDL and the Spark schema say the same."""

import re

import pyarrow as pa
import pytest

from crossover.records import (
    METADATA_COLUMNS,
    SQL_TYPES,
    Kind,
    arrow_schema,
    dataset_of,
    dead_letter_topic,
    event_id,
    producer_and_seq,
    spark_ddl,
    topic,
)
from crossover.sql import sql

LINE = re.compile(r'^\s+"?(\w+)"?\s+([a-z ]+?)( NOT NULL)?,?$', re.MULTILINE)
SHORT = {"timestamptz": "timestamp with time zone"}


@pytest.mark.parametrize("kind", Kind)
def test_the_sql_tables_have_the_records_columns_in_order(kind: Kind) -> None:
    text = sql("schema/dataset.sql", schema="x")
    body = text.split(f"CREATE TABLE IF NOT EXISTS x.{kind.value} (")[1].split(")")[0]
    found = [(name, SHORT.get(type_, type_), bool(required)) for name, type_, required in LINE.findall(body)]
    assert found == [(c.name, SQL_TYPES[c.type], not c.nullable) for c in kind.stored_columns]


@pytest.mark.parametrize("kind", Kind)
def test_arrow_and_spark_name_the_same_columns(kind: Kind) -> None:
    schema = arrow_schema(kind.stored_columns)
    spark = [part.split()[0].strip("`") for part in spark_ddl(kind.stored_columns).split(", ")]
    assert schema.names == spark == [c.name for c in kind.stored_columns]
    assert schema.field("timestamp").type == pa.timestamp("us", tz="UTC")
    assert [schema.field(c.name).nullable for c in kind.stored_columns] == [c.nullable for c in kind.stored_columns]


def test_typed_metadata_keys_are_nullable_columns_of_logs() -> None:
    columns = {column.name: column for column in Kind.LOGS.columns}
    assert all(columns[name].nullable for name in METADATA_COLUMNS)


def test_topics_carry_the_dataset_and_can_be_read_back() -> None:
    assert topic(Kind.LOGS, "main") == "logs.raw"
    assert topic(Kind.EVENTS, "abc") == "events.activity.abc"
    assert dataset_of("logs.raw.abc") == (Kind.LOGS, "abc")
    assert dataset_of("events.activity") == (Kind.EVENTS, "main")
    assert dataset_of(dead_letter_topic("abc")) is None
    assert dataset_of("logs.rawhide") is None


@pytest.mark.parametrize("identity", ["", ":5", "a:", "a:-1", "a:1x", "a:١", "plain"])
def test_a_foreign_id_has_no_producer(identity: str) -> None:
    assert producer_and_seq(identity) is None


def test_an_id_holds_producer_and_number() -> None:
    assert producer_and_seq(event_id("gen:x", 12)) == ("gen:x", 12)
