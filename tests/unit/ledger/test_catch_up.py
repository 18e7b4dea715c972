"""A ledger that cannot run a stream itself says who can."""

import importlib.machinery

import pytest

from crossover import connections
from crossover.errors import ServiceError
from crossover.ledger import catch_up


def test_with_spark_in_the_checkout_a_stream_can_be_run() -> None:
    catch_up.require_spark("main")


def test_where_only_sparks_client_is_installed_the_dag_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    client_only = tmp_path_factory.mktemp("pyspark") / "__init__.py"
    monkeypatch.setattr(
        connections, "find_spec", lambda name: importlib.machinery.ModuleSpec(name, None, origin=str(client_only))
    )
    with pytest.raises(ServiceError, match="no Spark is installed here") as caught:
        catch_up.require_spark("orders")
    assert "DAG stream_to_lake with dataset orders" in caught.value.cure
