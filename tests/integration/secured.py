"""PostgreSQL with TLS, Kafka with TLS, SCRAM and rules, HDFS with permissions: as on a cluster, on free ports here."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crossover.access.principals import PRINCIPALS
from crossover.connections import spark_home
from crossover.errors import ServiceError
from crossover.settings import Settings, load_settings
from crossover.stack.home import Home, open_home
from crossover.stack.jars import fetch_jars
from crossover.stack.parts import Part, all_parts, class_path, postgres_bin
from crossover.stack.prepare import hdfs_files, postgres_files, run_tool

JAVA = shutil.which("java") or "java"
START_SECONDS = 300


class Authority:
    """A certificate authority of one test session, and what it signs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.file = folder / "ca.crt"
        self.file.write_bytes(_pem(self._sign(self.name, self.key, authority=True)))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of a server on this machine, as files of PEM text."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate, secret = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(_pem(self._sign(subject, key, authority=False)))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        secret.write_bytes(key.private_bytes(*form))
        secret.chmod(0o600)
        return certificate, secret

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        builder = (
            x509
            .CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return builder.sign(self.key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@contextmanager
def secured_services() -> Iterator[Settings]:
    """Start the three; yields the settings of `crossover access apply`. Everything is gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crossover-secured-")))
        folder.chmod(0o755)
        jars = load_settings().home / "jars"
        fetch_jars(jars, JAVA, spark_home())
        home = open_home(folder / "home")
        home.jars.rmdir()
        home.jars.symlink_to(jars)
        authority, admin = Authority(folder), secrets.token_urlsafe(12)
        parts = {part.name: part for part in all_parts(home, JAVA, cores=1)}
        stack.callback(shutil.rmtree, home.postgres_data.parent, ignore_errors=True)
        tls = _postgres(home, authority)
        _kafka(home, authority, admin)
        _hdfs(home)
        for name in ("postgres", "kafka", "namenode", "datanode1"):
            stack.enter_context(_running(parts[name], home))
        yield _settings(home, authority, admin, tls)


def _settings(home: Home, authority: Authority, kafka_admin: str, tls: bool) -> Settings:
    plain, sslmode = home.settings, "verify-full" if tls else "disable"
    passwords = {principal.name: secrets.token_urlsafe(12) for principal in PRINCIPALS}
    return load_settings(
        home=home.path,
        postgres={**plain.postgres.model_dump(), "sslmode": sslmode, "ca_file": authority.file},
        kafka={
            "bootstrap_servers": f"localhost:{home.values['STACK_KAFKA_PORT']}",
            "user": "nobody",
            "ca_file": authority.file,
        },
        lake={
            **plain.lake.model_dump(),
            "catalog_sslmode": sslmode,
            "catalog_ca_file": authority.file,
            "catalog_password": passwords["lake"],
        },
        spark={**plain.spark.model_dump(), "jars": home.jars / "spark"},
        access={
            "postgres_admin_password": home.values["STACK_POSTGRES_ADMIN_PASSWORD"],
            "kafka_admin_password": kafka_admin,
            "passwords": passwords,
        },
    )


def _postgres(home: Home, authority: Authority) -> bool:
    """Make the data folder; False when this build of PostgreSQL knows no TLS, as the one of the wheel."""
    postgres_files(home, cores=1)
    data = home.postgres_data
    for source, name in zip(authority.issue("crossover-postgres"), ("server.crt", "server.key"), strict=True):
        shutil.copy(source, data / name)
        if home.postgres_user is not None:
            shutil.chown(data / name, home.postgres_user)
    binary = data.parent / "bin" / "postgres"
    ask = [
        str(binary if binary.is_file() else postgres_bin() / "postgres"),
        "-D",
        str(data),
        "-C",
        "ssl",
        "-c",
        "ssl=on",
    ]
    tls = subprocess.run(ask, user=home.postgres_user, cwd="/", capture_output=True, check=False).returncode == 0
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(f"ssl = {'on' if tls else 'off'}\nshared_buffers = '64MB'\nmax_wal_size = '256MB'\n")
    rule = f"{'hostssl' if tls else 'host'} all all 127.0.0.1/32 scram-sha-256\n"
    (data / "pg_hba.conf").write_text(rule, encoding="utf-8")
    return tls


def _kafka(home: Home, authority: Authority, admin: str) -> None:
    certificate, key = authority.issue("crossover-kafka")
    keystore = authority.folder / "kafka.pem"
    keystore.write_bytes(key.read_bytes() + certificate.read_bytes())
    file = home.conf / "kafka" / "server.properties"
    plain = dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())
    broker, controller, internal = home.port("STACK_KAFKA_PORT"), home.port("STACK_KAFKA_CONTROLLER_PORT"), free_port()
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    secure = plain | {
        "listeners": f"CLIENT://127.0.0.1:{broker},INTERNAL://127.0.0.1:{internal},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"CLIENT://localhost:{broker},INTERNAL://localhost:{internal}",
        "controller.quorum.bootstrap.servers": f"localhost:{controller}",
        "listener.security.protocol.map": "CONTROLLER:SSL,INTERNAL:SSL,CLIENT:SASL_SSL",
        "inter.broker.listener.name": "INTERNAL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-512.sasl.jaas.config": scram,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "listener.name.controller.ssl.client.auth": "required",
        "listener.name.internal.ssl.client.auth": "required",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:admin;User:CN=crossover-kafka",
        "allow.everyone.if.no.acl.found": "false",
    }
    file.write_text("".join(f"{k}={v}\n" for k, v in secure.items()), encoding="utf-8")
    tool = [JAVA, "-cp", class_path(home, "kafka"), "kafka.tools.StorageTool"]
    cluster = run_tool([*tool, "random-uuid"], what="cluster id").split()[-1]
    scram_admin = f"SCRAM-SHA-512=[name=admin,password={admin}]"
    run_tool(
        [*tool, "format", "-t", cluster, "-c", str(file), "--standalone", "--add-scram", scram_admin], what="format"
    )


def _hdfs(home: Home) -> None:
    hdfs_files(home, JAVA)
    overrides = "hadoop=supergroup;stream=lake;connect=lake"
    addition = f"<property><name>hadoop.user.group.static.mapping.overrides</name><value>{overrides}</value></property>"
    for node in ("namenode", "datanode1"):
        file = home.conf / node / "core-site.xml"
        file.write_text(file.read_text().replace("</configuration>", f"{addition}\n</configuration>"))


@contextmanager
def _running(part: Part, home: Home) -> Iterator[None]:
    # The user that starts the NameNode is HDFS's superuser.
    environment = {**os.environ, **part.environment, "HADOOP_USER_NAME": "hadoop"}
    with home.log_file(part.name).open("w") as log:
        process = subprocess.Popen(
            part.command, env=environment, user=part.user, cwd="/", stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(what: str, attempt: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Return when `attempt` is true; a ServiceError means not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if attempt():
                return
            problem = "not yet"
        except ServiceError as error:
            problem = error.message
        assert time.monotonic() < deadline, f"{what}: {problem}"
        time.sleep(0.2)
