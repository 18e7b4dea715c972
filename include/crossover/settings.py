"""One typed object for everything that can be set.

Sources, first wins: arguments, environment (`CROSSOVER_POSTGRES__PORT=5433`), the file `<home>/stack.env` that
`crossover up` writes (ports it chose, passwords it made), the defaults below. Nothing else reads the environment.
"""

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from crossover.errors import BadSetting

Port = Annotated[int, Field(ge=1, le=65535)]
DATASET_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,39}")


def checkout() -> Path | None:
    """The project folder when the package runs from a checkout (editable install), else None."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() and (root / "dags").is_dir() else None


def default_home() -> Path:
    """Where the local stack keeps its state: `.crossover` in the checkout, else in the user's home folder."""
    set_by_user = os.environ.get("CROSSOVER_HOME")
    if set_by_user:
        return Path(set_by_user).expanduser().resolve()
    return (checkout() or Path.home()) / ".crossover"


class Postgres(BaseModel):
    """The row store; also keeps the ledger, the benchmark results and the sinks' offsets."""

    host: str = "127.0.0.1"
    port: Port = 5432
    database: str = "crossover"
    user: str = "crossover"
    password: SecretStr = SecretStr("")
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    ca_file: Path | None = Field(default=None, description="PEM file of the authority that signed the server")

    @property
    def dsn(self) -> str:
        """A libpq URI without the password, fit for logs."""
        return f"postgresql://{quote(self.user)}@{self.host}:{self.port}/{quote(self.database)}"


class Kafka(BaseModel):
    """The log that both stores are read from."""

    bootstrap_servers: str = "127.0.0.1:9092"
    user: str = Field(default="", description="with a user: SASL_SSL and SCRAM-SHA-512; without: plain text")
    password: SecretStr = SecretStr("")
    ca_file: Path | None = Field(default=None, description="PEM file of the authority that signed the brokers")
    log_partitions: int = Field(default=4, ge=1, le=1000)
    event_partitions: int = Field(default=2, ge=1, le=1000)
    replication: int = Field(default=1, ge=1, le=10)
    retention_hours: int = Field(default=168, ge=1, description="must exceed the longest outage of a store, twice")


class Lake(BaseModel):
    """Iceberg tables: files under `warehouse`, the catalog in PostgreSQL."""

    catalog: str = "lake"
    warehouse: str = "hdfs://127.0.0.1:8020/warehouse"
    checkpoints: str = "hdfs://127.0.0.1:8020/checkpoints"
    catalog_host: str = "127.0.0.1"
    catalog_port: Port = 5432
    catalog_database: str = "lake_catalog"
    catalog_user: str = "lake"
    catalog_password: SecretStr = SecretStr("")
    catalog_sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    catalog_ca_file: Path | None = None
    hdfs_user: str = Field(default="", description="as whom HDFS knows this process; empty: the system's user")
    lateness_hours: int = Field(default=1, ge=0, description="a day partition is closed this long after its end")

    @property
    def catalog_jdbc(self) -> str:
        """The JDBC address of the catalog database."""
        return f"jdbc:postgresql://{self.catalog_host}:{self.catalog_port}/{self.catalog_database}"


class Spark(BaseModel):
    """The lake's engine: one warm Spark Connect server, and drivers of their own for the streaming jobs."""

    connect_url: str = "sc://127.0.0.1:15002"
    master: str = Field(default="local[2]", description="local[N], k8s://URL, spark://HOST:PORT or yarn")
    jars: Path = Path("jars/spark")
    driver_memory: str = "1g"
    shuffle_partitions: int = Field(default=2, ge=1)
    ui_port: int = Field(default=0, ge=0, le=65535, description="the driver's web page and REST API; 0 = none")
    ui_url: str = Field(default="", description="where others reach the Spark Connect server's REST API")
    # Not for local[N]:
    executors: int = Field(default=2, ge=1, description="fixed for the life of a driver: never allocated on demand")
    executor_cores: int = Field(default=1, ge=1)
    executor_memory: str = "1g"
    executor_cpu_request: str = Field(default="", description="Kubernetes CPU request; empty: executor_cores")
    executor_template: Path | None = Field(default=None, description="pod template of the executors")


class Ingest(BaseModel):
    """The HTTP front door."""

    host: str = "127.0.0.1"
    port: Port = 8080
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, description="raw and after decompression")
    max_records: int = Field(default=10_000, ge=1)
    max_record_bytes: int = Field(default=256 * 1024, ge=256)
    max_bytes_in_flight: int = Field(default=64 * 1024 * 1024, ge=1024)
    delivery_timeout_seconds: float = Field(default=10.0, gt=0)

    @property
    def url(self) -> str:
        """The address that producers post to."""
        return f"http://{self.host}:{self.port}"


class Load(BaseModel):
    """The consumer that copies Kafka into PostgreSQL."""

    group: str = "crossover-load"
    metrics_port: Port = 9101
    batch_records: int = Field(default=20_000, ge=1)
    batch_seconds: float = Field(default=1.0, gt=0)


class Generate(BaseModel):
    """The control API of the generator."""

    host: str = "127.0.0.1"
    port: Port = 8090
    token: SecretStr = Field(default=SecretStr(""), description="who controls must send it; a must unless on loopback")


class Stream(BaseModel):
    """Kafka to Iceberg."""

    max_offsets_per_trigger: int = Field(default=200, ge=1, description="Kafka messages (batches) in one commit")
    trigger_seconds: float = Field(default=2.0, ge=0)


class PodShape(BaseModel):
    """What a cluster changes in the pod template of one role; empty fields leave the template as it is."""

    model_config = ConfigDict(extra="forbid")

    cpu_request: str = ""
    cpu_limit: str = ""
    memory: str = ""
    secret: str = Field(default="", description="name of the role's Secret")
    node_selector: dict[str, str] = {}
    tolerations: list[dict[str, str | int]] = []


class Jobs(BaseModel):
    """The pods that DAGs start when job_mode is kubernetes."""

    namespace: str = "crossover"
    image_app: str = "crossover-app:0.1.0"
    image_spark: str = "crossover-spark:0.1.0"
    pods: dict[str, PodShape] = Field(default={}, description="by role: benchmark, generator, maintenance, spark")


class Pod(BaseModel):
    """The pod that this process runs in, told by the downward API; empty outside a cluster."""

    name: str = ""
    namespace: str = ""
    ip: str = ""


class Airflow(BaseModel):
    """Where DAGs are triggered from a terminal."""

    url: str = "http://127.0.0.1:8088"
    user: str = "admin"
    password: SecretStr = SecretStr("")


class Benchmark(BaseModel):
    """How much is measured when nothing else is asked for."""

    warmups: int = Field(default=1, ge=0)
    repetitions: int = Field(default=5, ge=1)
    statement_timeout_seconds: int = Field(default=120, ge=1)
    cores: int = Field(default=2, ge=1, description="cores that each engine may use")
    postgres_work_mem: str = Field(default="64MB", description="PostgreSQL's memory for one sort or hash")
    postgres_trigrams: bool = Field(default=True, description="layout indexed has a trigram index on messages, too")


class Settings(BaseSettings):
    """All settings, nested by stage. Build it with `load_settings()`, pass it down, never read it at import."""

    model_config = SettingsConfigDict(
        env_prefix="CROSSOVER_", env_nested_delimiter="__", env_file_encoding="utf-8", extra="ignore"
    )

    home: Path = Field(default_factory=default_home)
    dataset: str = "main"
    job_mode: Literal["local", "kubernetes"] = "local"
    postgres: Postgres = Postgres()
    kafka: Kafka = Kafka()
    lake: Lake = Lake()
    spark: Spark = Spark()
    ingest: Ingest = Ingest()
    load: Load = Load()
    generate: Generate = Generate()
    stream: Stream = Stream()
    jobs: Jobs = Jobs()
    pod: Pod = Pod()
    airflow: Airflow = Airflow()
    benchmark: Benchmark = Benchmark()

    @field_validator("dataset")
    @classmethod
    def _dataset_is_a_safe_name(cls, name: str) -> str:
        return checked_dataset(name)

    @cached_property
    def reports(self) -> Path:
        """Folder of the report pages, one subfolder a run."""
        return self.home / "reports"


def checked_dataset(name: str) -> str:
    """Return `name` if it can be a topic suffix, a schema and a namespace at once; else raise ValueError."""
    if not DATASET_PATTERN.fullmatch(name):
        raise ValueError(f"dataset {name!r}: use 1-40 of a-z, 0-9, _ and begin with a letter")
    return name


def load_settings(**overrides: Any) -> Settings:
    """Read all sources once; a wrong value is a BadSetting that names the variable to change."""
    home = Path(overrides.get("home") or default_home())
    try:
        return Settings(_env_file=home / "stack.env", **{**overrides, "home": home})
    except ValidationError as error:
        wrong = "; ".join(
            f"CROSSOVER_{'__'.join(str(p) for p in e['loc']).upper()}: {e['msg']} (got {e['input']!r})"
            for e in error.errors()
        )
        raise BadSetting(f"wrong settings: {wrong}", cure="mend the variable or stack.env in " + str(home)) from error
