"""The lake's tables: made by whoever comes first, the stream as a rule."""

from typing import TYPE_CHECKING

from crossover.lake.catalog import table_name
from crossover.records import Kind, spark_ddl
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def create_table(spark: "SparkSession", settings: Settings, dataset: str, kind: Kind) -> str:
    """Make the dataset's namespace and this table unless they are there; returns the table's name."""
    table = table_name(settings, dataset, kind)
    spark.sql(sql("lake/create_namespace.sql", namespace=f"{settings.lake.catalog}.{dataset}"))
    spark.sql(sql("lake/create_table.sql", table=table, columns=spark_ddl(kind.stored_columns)))
    return table


def table_exists(spark: "SparkSession", settings: Settings, dataset: str, kind: Kind) -> bool:
    """True if the stream has made the table."""
    return bool(spark.catalog.tableExists(table_name(settings, dataset, kind)))
