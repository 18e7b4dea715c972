"""How clients are set up to reach secured services."""

from pathlib import Path

import pytest

from crossover.connections import kafka_client, kafka_source
from crossover.errors import BadSetting, MissingPrerequisite
from crossover.settings import Settings, load_settings

SECURED = {"bootstrap_servers": "broker:9092", "user": "load", "password": 'a"b\\c', "ca_file": "/etc/ca.crt"}


def test_without_a_user_kafka_is_reached_in_plain_text() -> None:
    settings = Settings(kafka={"bootstrap_servers": "broker:9092"})
    assert kafka_client(settings) == {"bootstrap.servers": "broker:9092"}
    assert kafka_source(settings) == {"kafka.bootstrap.servers": "broker:9092"}


def test_with_a_user_kafka_is_reached_by_tls_and_scram() -> None:
    assert kafka_client(Settings(kafka=SECURED)) == {
        "bootstrap.servers": "broker:9092",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "load",
        "sasl.password": 'a"b\\c',
        "ssl.ca.location": "/etc/ca.crt",
    }


def test_spark_is_told_the_same_in_kafkas_own_words(tmp_path: Path) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_text("-----BEGIN CERTIFICATE-----\nabc\n")
    options = kafka_source(Settings(kafka={**SECURED, "ca_file": authority}))
    assert options["kafka.security.protocol"] == "SASL_SSL"
    assert options["kafka.sasl.mechanism"] == "SCRAM-SHA-512"
    assert options["kafka.sasl.jaas.config"].endswith(r'username="load" password="a\"b\\c";')
    assert options["kafka.ssl.truststore.type"] == "PEM"
    assert options["kafka.ssl.truststore.certificates"] == authority.read_text()


def test_an_authority_that_cannot_be_read_is_named() -> None:
    with pytest.raises(MissingPrerequisite, match=r"/etc/absent/ca.crt cannot be read"):
        kafka_source(Settings(kafka={**SECURED, "ca_file": "/etc/absent/ca.crt"}))


def test_the_catalogs_address_says_how_the_server_is_checked() -> None:
    lake = Settings(lake={"catalog_sslmode": "verify-full", "catalog_ca_file": "/etc/crossover/ca/ca.crt"}).lake
    assert lake.catalog_jdbc.endswith("/lake_catalog?sslmode=verify-full&sslrootcert=/etc/crossover/ca/ca.crt")


@pytest.mark.parametrize("given", ['{"load": ["canary"]}', '{"load": "canary', '"canary"'])
def test_a_wrong_secret_is_refused_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("CROSSOVER_ACCESS__PASSWORDS", given)
    with pytest.raises(BadSetting) as caught:
        load_settings(home=tmp_path)
    assert "canary" not in f"{caught.value}{caught.value.__cause__}"
    assert "ACCESS" in str(caught.value).upper()
