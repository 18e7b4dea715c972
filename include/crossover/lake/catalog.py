"""How Spark and HDFS clients are set up to reach the lake; the same for the warm server and for every job's driver."""

from crossover.errors import MissingPrerequisite
from crossover.records import Kind
from crossover.settings import Settings


def table_name(settings: Settings, dataset: str, kind: Kind) -> str:
    """`lake.DATASET.logs` or `lake.DATASET.events`."""
    return f"{settings.lake.catalog}.{dataset}.{kind.value}"


def checkpoint(settings: Settings, dataset: str, kind: Kind) -> str:
    """Where the stream of this table keeps its place. It and the table are made and dropped together."""
    return f"{settings.lake.checkpoints}/{dataset}/{kind.value}"


def hdfs_client_properties() -> dict[str, str]:
    """Client settings for a cluster of two DataNodes."""
    return {
        # With two nodes there is no third to replace a failed one; without this a lost node stops every open file.
        "dfs.client.block.write.replace-datanode-on-failure.policy": "NEVER",
        "dfs.replication": "2",
    }


def require_jars(settings: Settings) -> None:
    """Raise MissingPrerequisite unless Spark's connectors are there."""
    if not any(settings.spark.jars.glob("*.jar")):
        raise MissingPrerequisite(f"no jars in {settings.spark.jars}", cure="crossover up fetches them")


def spark_properties(settings: Settings) -> dict[str, str]:
    """Spark properties that do not depend on where Spark runs: the Iceberg catalog, UTC, few shuffle partitions."""
    lake = settings.lake
    catalog = f"spark.sql.catalog.{lake.catalog}"
    return {
        # On the class path, not in spark.jars: that would copy and serve 60 MB at each start. Executors have the same
        # jars at the same place.
        "spark.driver.extraClassPath": f"{settings.spark.jars}/*",
        "spark.executor.extraClassPath": f"{settings.spark.jars}/*",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.type": "jdbc",
        f"{catalog}.uri": lake.catalog_jdbc,
        f"{catalog}.jdbc.user": lake.catalog_user,
        f"{catalog}.jdbc.password": lake.catalog_password.get_secret_value(),
        f"{catalog}.jdbc.schema-version": "V1",
        f"{catalog}.warehouse": lake.warehouse,
        # A cached table would hide the commits of other drivers from this one for half a minute.
        f"{catalog}.cache-enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(settings.spark.shuffle_partitions),
        "spark.ui.showConsoleProgress": "false",
        **{f"spark.hadoop.{name}": value for name, value in hdfs_client_properties().items()},
    }
