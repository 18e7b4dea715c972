"""The services' configuration files, written from the state folder at each start."""

from pathlib import Path
from xml.sax.saxutils import escape

import psutil

from crossover.lake.catalog import hdfs_client_properties
from crossover.stack.home import HOST, Home


def postgres_options(home: Home, cores: int) -> dict[str, str]:
    """What a competent operator sets for this machine: memory by share, as many parallel workers as cores."""
    memory_mb = psutil.virtual_memory().total // 2**20
    return {
        "listen_addresses": HOST,
        "port": home.values["CROSSOVER_POSTGRES__PORT"],
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": f"{min(memory_mb // 8, 2048)}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "work_mem": "64MB",
        "maintenance_work_mem": "512MB",
        "max_worker_processes": "16",
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(max(cores - 1, 1)),
        "max_parallel_maintenance_workers": str(max(cores - 1, 1)),
        "random_page_cost": "1.1",
        "jit": "off",
        "max_wal_size": "8GB",
        "min_wal_size": "1GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "password_encryption": "scram-sha-256",
    }


def write_postgres(home: Home, cores: int) -> None:
    """crossover.conf in the data folder; postgresql.conf includes it."""
    lines = [f"{name} = '{value}'\n" for name, value in postgres_options(home, cores).items()]
    (home.postgres_data / "crossover.conf").write_text("".join(lines), encoding="utf-8")
    main = home.postgres_data / "postgresql.conf"
    include = "include = 'crossover.conf'\n"
    if include not in main.read_text(encoding="utf-8"):
        with main.open("a", encoding="utf-8") as file:
            file.write(include)


def write_kafka(home: Home) -> Path:
    """server.properties of the one broker, which is its own controller."""
    broker, controller = home.port("STACK_KAFKA_PORT"), home.port("STACK_KAFKA_CONTROLLER_PORT")
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"{HOST}:{controller}",
        "listeners": f"PLAINTEXT://{HOST}:{broker},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{broker}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": str(home.data / "kafka"),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "auto.create.topics.enable": "false",
        "message.max.bytes": str(4 * 2**20),
    }
    file = home.conf / "kafka" / "server.properties"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{k}={v}\n" for k, v in properties.items()), encoding="utf-8")
    (file.parent / "log4j2.xml").write_text(_LOG4J, encoding="utf-8")
    return file


def write_hdfs(home: Home, node: str) -> Path:
    """A Hadoop configuration folder for `namenode`, `datanode1` or `datanode2`; returns the folder."""
    folder = home.conf / node
    folder.mkdir(parents=True, exist_ok=True)
    core = {
        "fs.defaultFS": f"hdfs://{HOST}:{home.port('STACK_NAMENODE_PORT')}",
        "hadoop.tmp.dir": str(home.data / "hadoop-tmp"),
    }
    site = {
        "dfs.replication": "2",
        "dfs.namenode.name.dir": f"file://{home.data / 'namenode'}",
        "dfs.namenode.http-address": f"{HOST}:{home.port('STACK_NAMENODE_HTTP_PORT')}",
        "dfs.namenode.safemode.extension": "0",
        "dfs.namenode.handler.count": "10",
        "dfs.heartbeat.interval": "1",
        "dfs.namenode.heartbeat.recheck-interval": "15000",
        # Loopback has no names to look up, and a lookup that hangs would keep DataNodes out.
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        **hdfs_client_properties(),
    }
    if node != "namenode":
        prefix = f"STACK_{node.upper()}"
        site |= {
            "dfs.datanode.data.dir": f"file://{home.data / node}",
            "dfs.datanode.address": f"{HOST}:{home.port(prefix + '_PORT')}",
            "dfs.datanode.ipc.address": f"{HOST}:{home.port(prefix + '_IPC_PORT')}",
            "dfs.datanode.http.address": f"{HOST}:{home.port(prefix + '_HTTP_PORT')}",
        }
    (folder / "core-site.xml").write_text(_hadoop_xml(core), encoding="utf-8")
    (folder / "hdfs-site.xml").write_text(_hadoop_xml(site), encoding="utf-8")
    (folder / "log4j2.xml").write_text(_LOG4J, encoding="utf-8")
    return folder


def _hadoop_xml(properties: dict[str, str]) -> str:
    rows = "".join(f"<property><name>{k}</name><value>{escape(v)}</value></property>\n" for k, v in properties.items())
    return f"<?xml version='1.0'?>\n<configuration>\n{rows}</configuration>\n"


_LOG4J = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="warn">
  <Appenders>
    <Console name="out"><PatternLayout pattern="%p: %d{ISO8601} %c{1} %m%n"/></Console>
  </Appenders>
  <Loggers>
    <Root level="warn"><AppenderRef ref="out"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="info"/>
    <Logger name="org.apache.hadoop.hdfs.server.namenode.NameNode" level="info"/>
    <Logger name="org.apache.hadoop.hdfs.server.datanode.DataNode" level="info"/>
  </Loggers>
</Configuration>
"""
