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
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from crossover.errors import BadSetting

Port = Annotated[int, Field(ge=1, le=65535)]
DATASET_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,39}")
MASTER_PATTERN = re.compile(
    r"local\[([1-9]\d*|\*)\]|k8s://https?://[^/\s]+|spark://[^:/\s]+:\d+(,[^:/\s]+:\d+)*|yarn", re.ASCII
)
Role = Literal["benchmark", "generator", "maintenance", "spark"]
"""What a job's pod is for; each role has a template include/pods/ROLE.yaml and a Secret of its own."""


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
    # What `compact --queries` reckons with until `benchmark compaction` has measured it.
    query_file_seconds: float = Field(default=0.001, ge=0, description="what one more file costs a query")
    rewrite_mib_per_second: float = Field(default=10, gt=0, description="MiB of small files that a rewrite takes in")
    rewrite_day_seconds: float = Field(default=1, ge=0, description="what a day's rewrite costs however small it is")

    @property
    def catalog_jdbc(self) -> str:
        """The JDBC address of the catalog database."""
        ca = f"&sslrootcert={quote(str(self.catalog_ca_file))}" if self.catalog_ca_file else ""
        server = f"{self.catalog_host}:{self.catalog_port}"
        return f"jdbc:postgresql://{server}/{self.catalog_database}?sslmode={self.catalog_sslmode}{ca}"


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
    executor_wait_seconds: float = Field(default=180, gt=0, description="a driver whose executors take longer fails")

    @field_validator("master")
    @classmethod
    def _master_is_of_a_known_kind(cls, master: str) -> str:
        if not MASTER_PATTERN.fullmatch(master):
            raise ValueError("use local[N], local[*], k8s://https://HOST[:PORT], spark://HOST:PORT or yarn")
        return master

    @property
    def on_cluster(self) -> bool:
        """True if tasks run in executors, which are processes of their own."""
        return not self.master.startswith("local")


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
    pods: dict[Role, PodShape] = {}
    keep_failed_hours: int = Field(default=24, ge=1, description="a failed pod can be read for so long")


class Pod(BaseModel):
    """The pod that this process runs in, told by the downward API; empty outside a cluster."""

    name: str = ""
    namespace: str = ""
    ip: str = ""


class Access(BaseModel):
    """Who `crossover access apply` works as, and the passwords that it sets; for no other process."""

    postgres_admin_user: str = "postgres"
    postgres_admin_password: SecretStr = Field(default=SecretStr(""), description="empty: PostgreSQL is left alone")
    kafka_admin_user: str = "admin"
    kafka_admin_password: SecretStr = Field(default=SecretStr(""), description="empty: Kafka is left alone")
    hdfs_admin: str = Field(default="hadoop", description="empty: HDFS is left alone")
    passwords: dict[str, SecretStr] = Field(default={}, description="principal -> password, one for all its logins")

    def password_of(self, principal: str) -> str:
        """The principal's password. Raises BadSetting when none was given."""
        password = self.passwords.get(principal, SecretStr("")).get_secret_value()
        if not password:
            raise BadSetting(f"CROSSOVER_ACCESS__PASSWORDS has no password for {principal!r}")
        return password


class Airflow(BaseModel):
    """Where DAGs are triggered from a terminal."""

    url: str = "http://127.0.0.1:8088"
    user: str = "admin"
    password: SecretStr = SecretStr("")


class Benchmark(BaseModel):
    """How much is measured when nothing else is asked for."""

    warmups: int = Field(default=10, ge=0, description="most executions that are spent to find a steady state")
    repetitions: int = Field(default=15, ge=1, description="fewest samples of a cell")
    most_samples: int = Field(default=40, ge=1, description="a cell whose interval stays wide gets no more")
    halfwidth: float = Field(default=0.1, gt=0, description="an interval this close to its median is narrow enough")
    statement_timeout_seconds: int = Field(default=120, ge=1)
    cores: int = Field(default=2, ge=1, description="cores that each engine may use")
    postgres_work_mem: str = Field(default="64MB", description="PostgreSQL's memory for one sort or hash")
    postgres_trigrams: bool = Field(default=True, description="layout indexed has a trigram index on messages, too")
    duckdb_memory: str = Field(default="2GB", description="memory that DuckDB may use, what it keeps of files included")
    restart_command: str = Field(
        default="", description="restarts an engine's server, {part} = postgres or spark-connect; empty: not possible"
    )


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
    access: Access = Access()
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
        wrong = "; ".join(_complaint("__".join(str(p) for p in e["loc"]).upper(), e["msg"], e["input"])
                          for e in error.errors())  # fmt: skip
        # The cause would show what was given, secrets too.
        raise BadSetting(f"wrong settings: {wrong}", cure="mend the variable or stack.env in " + str(home)) from None
    except SettingsError as error:
        raise BadSetting(f"wrong settings: {error}", cure="a variable that holds a table must be JSON") from None


def _complaint(name: str, problem: str, given: object) -> str:
    secret = isinstance(given, dict) or any(word in name for word in ("PASSWORD", "TOKEN"))
    return f"CROSSOVER_{name}: {problem}" + ("" if secret else f" (got {given!r})")
