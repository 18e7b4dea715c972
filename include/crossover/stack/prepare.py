"""What is made once before a part can start: data folders, roles, databases, dataset main. Safe to repeat."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from crossover.connections import connect_postgres
from crossover.dataset import create_dataset
from crossover.errors import ServiceError
from crossover.sql import sql as query
from crossover.stack.configs import write_hdfs, write_kafka, write_postgres
from crossover.stack.home import HOST, Home
from crossover.stack.parts import airflow_environment, base_environment, class_path, postgres_bin


def run_tool(
    command: list[str], *, what: str, environment: dict[str, str] | None = None, user: str | None = None
) -> str:
    """Run a set-up program to its end; a failure is a ServiceError with its last words."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, user=user, cwd="/")
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-6:]
        raise ServiceError(f"{what} failed (exit {done.returncode}):\n    " + "\n    ".join(words))
    return done.stdout


def postgres_files(home: Home, cores: int) -> None:
    """initdb, as the user that the server will run as; binaries are copied where that user can reach them."""
    data, user = home.postgres_data, home.postgres_user
    binaries = postgres_bin()
    if user is not None and not _can_run(binaries / "initdb", user):
        reachable = data.parent
        if not (reachable / "bin").is_dir():
            shutil.copytree(binaries.parent, reachable, dirs_exist_ok=True)
        binaries = reachable / "bin"
    if not (data / "PG_VERSION").is_file():
        shutil.rmtree(data, ignore_errors=True)  # what an initdb that was killed has left
        data.mkdir(parents=True, mode=0o700)
        secret = data.parent / "initdb.password"
        secret.touch(mode=0o600)
        secret.write_text(home.values["STACK_POSTGRES_ADMIN_PASSWORD"], encoding="utf-8")
        if user is not None:
            shutil.chown(data, user)
            shutil.chown(secret, user)
        command = [
            str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={secret}",
            "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-sync",
        ]  # fmt: skip
        run_tool(command, what="initdb", user=user)
        secret.unlink()
    write_postgres(home, cores)


def _can_run(program: Path, user: str) -> bool:
    try:
        return (
            subprocess.run([str(program), "--version"], user=user, capture_output=True, check=False, cwd="/").returncode
            == 0
        )
    except PermissionError:
        return False


def postgres_databases(home: Home) -> None:
    """Three databases with a role each: the stores, the lake's catalog with its tables, Airflow."""
    import psycopg
    from psycopg import sql

    settings = home.settings
    wanted = (
        (settings.postgres.database, settings.postgres.user, settings.postgres.password.get_secret_value()),
        (settings.lake.catalog_database, settings.lake.catalog_user, settings.lake.catalog_password.get_secret_value()),
        ("airflow", "airflow", home.values["STACK_AIRFLOW_DATABASE_PASSWORD"]),
    )
    with psycopg.connect(
        host=HOST,
        port=settings.postgres.port,
        dbname="postgres",
        user="postgres",
        password=home.values["STACK_POSTGRES_ADMIN_PASSWORD"],
        autocommit=True,
    ) as connection:
        for database, role, password in wanted:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
                )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(role))
                )
    database, role, password = wanted[1]
    with psycopg.connect(
        host=HOST, port=settings.postgres.port, dbname=database, user=role, password=password
    ) as connection:
        connection.execute(query("schema/lake_catalog.sql").encode())


def kafka_files(home: Home, java: str) -> None:
    """Format the broker's log folder with a cluster id of its own."""
    if (home.data / "kafka" / "meta.properties").is_file():
        return
    tool = [java, "-cp", class_path(home, "kafka"), "kafka.tools.StorageTool"]
    properties = write_kafka(home)
    cluster = run_tool([*tool, "random-uuid"], what="Kafka's cluster id").split()[-1]
    run_tool(
        [*tool, "format", "-t", cluster, "-c", str(properties), "--standalone"], what="formatting Kafka's log folder"
    )


def hdfs_files(home: Home, java: str) -> None:
    """Format the NameNode once. A NameNode that exists is never formatted: its DataNodes' blocks would be lost."""
    write_hdfs(home, "namenode")
    if (home.data / "namenode" / "current" / "VERSION").is_file():
        return
    command = [
        java,
        "-cp",
        class_path(home, "namenode"),
        "org.apache.hadoop.hdfs.server.namenode.NameNode",
        "-format",
        "-nonInteractive",
    ]
    run_tool(command, what="formatting the NameNode")


def airflow_database(home: Home, cores: int) -> None:
    """Create or migrate Airflow's tables; write the local user's password."""
    folder = home.path / "airflow"
    folder.mkdir(exist_ok=True)
    passwords = folder / "passwords.json"
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({"admin": home.values["CROSSOVER_AIRFLOW__PASSWORD"]}), encoding="utf-8")
    # Looking whether there is something to migrate costs as much as starting Airflow, so the version is written down.
    done = folder / "migrated-to"
    version = importlib.metadata.version("apache-airflow-core")
    if done.is_file() and done.read_text(encoding="utf-8") == version:
        return
    environment = base_environment(home) | airflow_environment(home, cores)
    airflow = Path(sys.executable).with_name("airflow")
    run_tool([str(airflow), "db", "migrate"], what="airflow db migrate", environment=environment)
    done.write_text(version, encoding="utf-8")


def main_dataset(home: Home) -> None:
    """Dataset main: topics and tables."""
    create_dataset("main", home.settings)
    connect_postgres(home.settings, application="set-up").close()


def writable(folder: Path) -> bool:
    """True if we may write into `folder` or into its nearest existing parent."""
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)
