"""One question a part: does it do its work? Each raises with the reason when it does not."""

import json
import socket
from collections.abc import Callable

import httpx

from crossover.connections import connect_postgres, kafka_admin
from crossover.errors import ServiceDown
from crossover.stack.home import HOST, Home

Check = Callable[[], None]

# One client for all checks, without certificates: a new one each time loads them anew, which once cost more processor
# time than all that was waited for. Nor may a proxy of the environment stand between us and the loopback.
_CLIENT = httpx.Client(timeout=5, verify=False, trust_env=False)  # noqa: S501 plain http on the loopback


def checks(home: Home) -> dict[str, Check]:
    """Health check of each part by name."""
    settings = home.settings

    def postgres() -> None:
        with socket.create_connection((HOST, settings.postgres.port), 3) as probe:
            # An SSLRequest: a server that is up answers one byte, one that is starting up closes or stays silent.
            probe.settimeout(3)
            probe.sendall(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
            if probe.recv(1) not in (b"N", b"S"):
                raise ServiceDown("PostgreSQL is starting up")

    def database() -> None:
        connect_postgres(settings, application="health").close()

    def kafka() -> None:
        # The port first: librdkafka writes a line to standard error for every connection that is refused.
        socket.create_connection((HOST, home.port("STACK_KAFKA_PORT")), 3).close()
        if not kafka_admin(settings).list_topics(timeout=3).brokers:
            raise ServiceDown("Kafka has no broker")

    airflow = f"{settings.airflow.url}/api/v2/monitor/health"
    return {
        "postgres": postgres,
        "postgres-databases": database,
        "kafka": kafka,
        "namenode": lambda: _namenode(home, live_nodes=0),
        "datanode1": lambda: _datanode(home, 1),
        "datanode2": lambda: _datanode(home, 2),
        "spark-connect": lambda: socket.create_connection((HOST, home.port("STACK_SPARK_CONNECT_PORT")), 3).close(),
        "ingest": lambda: _ok(f"{settings.ingest.url}/api/collect/health"),
        "load": lambda: _ok(f"http://{HOST}:{settings.load.metrics_port}/health"),
        "airflow-api-server": lambda: _ok(airflow),
        "airflow-scheduler": lambda: _airflow(airflow, "scheduler"),
        "airflow-dag-processor": lambda: _airflow(airflow, "dag_processor"),
        "airflow-triggerer": lambda: _airflow(airflow, "triggerer"),
    }


def _ok(url: str) -> None:
    answer = _CLIENT.get(url)
    if answer.status_code != 200:
        raise ServiceDown(f"{url} answers {answer.status_code}: {answer.text[:200]}")


def _airflow(url: str, component: str) -> None:
    answer = _CLIENT.get(url)
    answer.raise_for_status()
    status = answer.json().get(component, {}).get("status")
    if status != "healthy":
        raise ServiceDown(f"Airflow's {component} is {status}")


def _jmx(port: int, query: str) -> dict[str, object]:
    answer = _CLIENT.get(f"http://{HOST}:{port}/jmx", params={"qry": query})
    answer.raise_for_status()
    beans = answer.json()["beans"]
    if not beans:
        raise ServiceDown(f"no {query} yet")
    return dict(beans[0])


def _namenode(home: Home, live_nodes: int) -> None:
    state = _jmx(home.port("STACK_NAMENODE_HTTP_PORT"), "Hadoop:service=NameNode,name=FSNamesystemState")
    live = state.get("NumLiveDataNodes", 0)
    if not isinstance(live, int) or live < live_nodes:
        raise ServiceDown(f"{live} of {live_nodes} DataNodes are live")
    if live_nodes and state.get("FSState") != "Operational":
        raise ServiceDown(f"the NameNode is in state {state.get('FSState')}")


def _datanode(home: Home, number: int) -> None:
    """The node itself is asked whether it has registered, and the NameNode whether files can be written."""
    info = _jmx(home.port(f"STACK_DATANODE{number}_HTTP_PORT"), "Hadoop:service=DataNode,name=DataNodeInfo")
    name_nodes = json.loads(str(info.get("NamenodeAddresses", "{}")))
    if not name_nodes or not json.loads(str(info.get("BPServiceActorInfo", "[]"))):
        raise ServiceDown("not registered with the NameNode")
    _namenode(home, live_nodes=number)


def why_unhealthy(check: Check) -> str | None:
    """None when the check passes, else the reason in one line."""
    try:
        check()
    # A health check may fail in any way that its client library knows; each of them means: not healthy.
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None
