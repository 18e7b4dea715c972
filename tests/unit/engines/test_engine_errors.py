"""Errors of drivers become the errors of the house, named by whose fault it is."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from crossover.engines import postgres, spark
from crossover.errors import BadInput, ServiceDown, ServiceError, ServiceTimeout

pyspark = pytest.importorskip("pyspark.errors")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.errors.QueryCanceled("canceling statement due to statement timeout"), ServiceTimeout),
        (psycopg.errors.AdminShutdown("terminating connection"), ServiceDown),
        (psycopg.OperationalError("the connection is lost"), ServiceDown),
        (psycopg.errors.UndefinedColumn('column "nope" does not exist'), BadInput),
        (psycopg.errors.SyntaxError("syntax error"), BadInput),
        (psycopg.errors.InvalidTextRepresentation("invalid input syntax"), BadInput),
        (psycopg.errors.OutOfMemory("out of memory"), ServiceError),
        (psycopg.errors.DiskFull("no space left"), ServiceError),
    ],
)
def test_a_postgres_error_is_translated(error, expected):
    assert type(postgres._translated(error, 5.0)) is expected


@pytest.mark.parametrize(
    ("error", "late", "expected"),
    [
        (pyspark.AnalysisException("UNRESOLVED_COLUMN nope"), False, BadInput),
        (pyspark.ParseException("PARSE_SYNTAX_ERROR"), False, BadInput),
        (pyspark.PySparkException("OPERATION_CANCELED"), True, ServiceTimeout),
        (pyspark.PySparkException("OPERATION_CANCELED"), False, ServiceError),
        (pyspark.PySparkException("StatusCode.UNAVAILABLE: connection refused"), False, ServiceDown),
        (pyspark.PySparkException("Job aborted due to stage failure"), False, ServiceError),
        (ConnectionRefusedError("refused"), False, ServiceDown),
    ],
)
def test_a_spark_error_is_translated(error, late, expected):
    assert type(spark._translated(error, 5.0, late=late)) is expected


def test_the_stack_of_the_jvm_is_left_out():
    error = pyspark.PySparkException("Division by zero.\n\nJVM stacktrace:\njava.lang.Exception\n\tat somewhere")
    assert str(spark._translated(error, 5.0, late=False)) == "Spark failed: Division by zero."


def test_an_instant_that_collect_made_local_comes_back_exact():
    # 02:30 happens twice on such a night where clocks go back; `fold` tells which one it is.
    for hour in range(26):
        instant = datetime(2026, 10, 24, 23, 30, tzinfo=UTC) + timedelta(hours=hour)
        assert spark._with_zone(instant.astimezone().replace(tzinfo=None)) == instant


def test_other_values_are_left_alone():
    aware = datetime(2026, 11, 23, tzinfo=UTC)
    assert [spark._with_zone(value) for value in (aware, 1, "x", None)] == [aware, 1, "x", None]
