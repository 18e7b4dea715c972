"""DuckDB over real Iceberg tables, whose catalog is SQLite and whose files lie in a folder."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pytest

from crossover.benchmark.cases import load_case, load_cases
from crossover.engines import duckdb as engine_module
from crossover.engines.duckdb import DuckDBEngine, _translated
from crossover.engines.hdfs_files import LakeFiles, _Reader
from crossover.engines.iceberg import DataFile, Reference, data_files, files_of, name_node, pattern, reference
from crossover.errors import BadInput, BadSetting, ServiceDown, ServiceError, ServiceTimeout
from crossover.records import LEVELS, Kind, arrow_schema
from crossover.settings import Benchmark, Lake, Settings

duckdb = pytest.importorskip("duckdb")

START = datetime(2026, 3, 1, 22, tzinfo=UTC)
FIRST, ALL = 300, 500


def record(n):
    whole = n % 7 != 0
    return {
        "event_id": f"t-{'A' if n % 2 else 'a'}:{n}",
        "timestamp": START + timedelta(seconds=(n // 3) * 120),
        "level": LEVELS[n // 2 % len(LEVELS)],
        "service": f"svc-{n % 11}",
        "host": f"host-{n * 17 % 29}",
        "message": ("upstream timed out", "naïve % café_", "quote ' and \\")[n % 3],
        "metadata": '{"retries":2}' if n % 10 == 0 else None,
        "request_id": None,
        "response_time_ms": n / 10 if whole else None,
        "status_code": 200 if whole else None,
        "endpoint": f"/api/{n % 13}" if whole else None,
        "method": "GET" if whole else None,
        "kafka_partition": 0,
        "kafka_offset": n,
        "batch_index": 0,
    }


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """A catalog with a table main.logs of two commits."""
    from pyiceberg.catalog.sql import SqlCatalog

    folder = tmp_path_factory.mktemp("lake")
    made = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/it's a house")
    made.create_namespace("main")
    table = made.create_table("main.logs", arrow_schema(Kind.LOGS.stored_columns))
    for numbers in (range(FIRST), range(FIRST, ALL)):
        table.append(pa.Table.from_pylist([record(n) for n in numbers], schema=arrow_schema(Kind.LOGS.stored_columns)))
    made.create_table("main.empty", arrow_schema(Kind.LOGS.stored_columns))
    yield made
    made.close()


@pytest.fixture
def engine(catalog, monkeypatch):
    monkeypatch.setattr(engine_module, "open_catalog", lambda _lake: catalog)
    monkeypatch.setattr(catalog, "close", lambda: None)
    made = DuckDBEngine(Settings(benchmark=Benchmark(cores=1)))
    yield made
    made.close()


def at_first(catalog):
    return f"lake.main.logs VERSION AS OF {catalog.load_table('main.logs').history()[0].snapshot_id}"


def test_a_relation_is_read_as_spark_writes_it():
    def named(text):
        return [reference(match) for match in pattern("lake").finditer(text)]

    assert named("SELECT 1 FROM lake.main.logs WHERE x") == [Reference("main.logs", None)]
    assert named("FROM lake.bench_x.logs_2000 VERSION AS OF 123\n") == [Reference("bench_x.logs_2000", 123)]
    assert named("FROM other.main.logs JOIN flake.main.logs") == []


def test_a_table_has_its_present_rows_and_those_of_a_snapshot(engine, catalog):
    statement = f"SELECT (SELECT count(*) FROM lake.main.logs), (SELECT count(*) FROM {at_first(catalog)})"
    assert engine.query(statement, {}, timeout_seconds=30).rows == [(ALL, FIRST)]


def test_answers_are_those_of_a_plain_count_in_python(engine, catalog):
    records = [record(n) for n in range(FIRST)]
    errors = [r for r in records if r["level"] == "ERROR"]
    expected = {
        "filter_level_group_by_service": Counter(r["service"] for r in errors).items(),
        "message_search": Counter(r["service"] for r in records if "timed out" in r["message"]).items(),
        "distinct_hosts_per_service": Counter(s for s, _ in {(r["service"], r["host"]) for r in records}).items(),
        "latest_errors": [
            tuple(r[name] for name in ("event_id", "timestamp", "service", "host", "message"))
            for r in sorted(errors, key=lambda r: (r["timestamp"], r["event_id"]), reverse=True)[:100]
        ],
    }
    for name, rows in expected.items():
        case = load_case(name)
        found = engine.query(case.statement("duckdb", at_first(catalog)), case.bind({}), timeout_seconds=30).rows
        assert (found if case.ordered else sorted(found)) == (list(rows) if case.ordered else sorted(rows)), name


def test_times_come_back_with_their_zone_and_metadata_as_text(engine, catalog):
    case = load_case("lookup_event_id")
    answer = engine.query(case.statement("duckdb", "lake.main.logs"), {"event_id": "t-a:10"}, timeout_seconds=30)
    row = dict(zip(answer.columns, answer.rows[0], strict=True))
    assert row == {name: record(10)[name] for name in row}
    assert row["timestamp"].utcoffset() == timedelta(0)
    hours = load_case("time_range_group_by_hour")
    day = datetime(2026, 3, 2, tzinfo=UTC)
    values = {"first": day, "next": day + timedelta(hours=2)}
    rows = engine.query(hours.statement("duckdb", "lake.main.logs"), values, timeout_seconds=30).rows
    assert rows == [(day, 90), (day + timedelta(hours=1), 90)]


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.name)
def test_every_case_can_be_asked(engine, case):
    values = {"first": START, "next": START + timedelta(days=1), "event_id": "t-a:10"}
    bound = case.bind({name: values[name] for name in case.probed})
    assert engine.query(case.statement("duckdb", "lake.main.logs"), bound, timeout_seconds=30).rows


def test_a_plan_is_kept_until_the_session_is_renewed(engine, catalog):
    table = catalog.create_table("main.growing", arrow_schema(Kind.LOGS.stored_columns))
    rows = pa.Table.from_pylist([record(1)], schema=arrow_schema(Kind.LOGS.stored_columns))
    counts = []
    for renewed in (False, False, True):
        table.append(rows)
        if renewed:
            engine.renew()
        counts += engine.query("SELECT count(*) FROM lake.main.growing", {}, timeout_seconds=30).rows
    assert counts == [(1,), (1,), (3,)]


def test_a_statement_that_takes_too_long_is_stopped_and_the_engine_goes_on(engine):
    slow = "SELECT sum(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b"
    with pytest.raises(ServiceTimeout, match=r"within 0\.2 s"):
        engine.query(slow, {}, timeout_seconds=0.2)
    assert engine.query("SELECT 1 AS one", {}, timeout_seconds=30).rows == [(1,)]


def test_what_does_not_exist_is_the_callers_fault(engine):
    for statement, why in (
        ("SELECT 1 FROM lake.main.nope", "no table main.nope"),
        ("SELECT 1 FROM lake.main.logs VERSION AS OF 5", "no snapshot 5"),
        ("SELECT 1 FROM lake.main.empty", "holds no file"),
        ("SELECT nope FROM lake.main.logs", "nope"),
    ):
        with pytest.raises(BadInput, match=why):
            engine.query(statement, {}, timeout_seconds=30)


def test_files_that_do_not_tell_all_are_refused(catalog):
    from pyiceberg.types import StringType

    task = SimpleNamespace(delete_files={"one"}, file=SimpleNamespace(file_path="x", file_size_in_bytes=1))
    table = SimpleNamespace(schemas=lambda: [1], scan=lambda **_: SimpleNamespace(plan_files=lambda: [task]))
    with pytest.raises(BadSetting, match="delete files"):
        files_of(table, Reference("main.logs", None))
    changed = catalog.create_table("main.changed", arrow_schema(Kind.LOGS.stored_columns))
    with changed.update_schema() as update:
        update.add_column("extra", StringType())
    with pytest.raises(BadSetting, match=r"columns of main\.changed"):
        data_files(catalog, Reference("main.changed", None))


def test_the_engine_tells_its_configuration():
    settings = Settings(benchmark=Benchmark(cores=2, duckdb_memory="512MiB"))
    engine = DuckDBEngine(settings)
    found = engine.configuration()
    assert (found["cores"], found["memory_limit"], found["TimeZone"]) == ("2", "512.0 MiB", "UTC")
    assert found["version"] == duckdb.__version__
    engine.close()
    engine.close()


def test_no_library_is_loaded_while_a_first_question_is_timed():
    code = (
        "import sys; from crossover.engines.duckdb import DuckDBEngine; from crossover.settings import Settings;"
        "DuckDBEngine(Settings()); from crossover.engines import iceberg, hdfs_files; before = set(sys.modules);"
        "iceberg._hdfs('hdfs://127.0.0.1:9/w'); hdfs_files.LakeFiles('hdfs://127.0.0.1:9/w');"
        "import pyiceberg.catalog.sql, pyiceberg.io.fsspec, psycopg; print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_memory_limit_that_is_none_is_refused_with_the_setting_to_mend():
    with pytest.raises(BadSetting, match="'much'") as error:
        DuckDBEngine(Settings(benchmark=Benchmark(duckdb_memory="much")))
    assert "DUCKDB_MEMORY" in error.value.cure


def test_a_lake_that_is_not_in_hdfs_is_refused():
    with pytest.raises(BadSetting, match="s3://bucket"):
        name_node("s3://bucket/warehouse")
    assert name_node("hdfs://nn:8020/warehouse") == ("nn", 8020)
    assert name_node("hdfs://service/warehouse") == ("service", None)


def test_a_name_node_that_is_gone_is_said_to_be_gone():
    engine = DuckDBEngine(Settings(lake=Lake(warehouse="hdfs://127.0.0.1:9/warehouse")))
    file = DataFile("hdfs://127.0.0.1:9/warehouse/a.parquet", 1000)
    engine._reach([file])
    with pytest.raises(ServiceDown, match=r"cannot read the lake's files: .*refused"):
        engine.query(f"SELECT count(*) FROM read_parquet('{file.address}')", {}, timeout_seconds=30)
    engine.close()


def test_size_and_time_of_a_known_file_are_told_without_the_name_node():
    files = LakeFiles("hdfs://127.0.0.1:9/warehouse")
    files.add([DataFile("hdfs://127.0.0.1:9/warehouse/a.parquet", 1000)])
    assert files.size("hdfs://127.0.0.1:9/warehouse/a.parquet") == 1000
    assert files.exists("hdfs://127.0.0.1:9/warehouse/a.parquet")
    assert not files.exists("hdfs://127.0.0.1:9/warehouse/b.parquet")
    with pytest.raises(PermissionError):
        files.open("hdfs://127.0.0.1:9/warehouse/a.parquet", "wb")


def test_a_file_is_opened_at_its_first_byte_and_read_where_it_was_sought():
    opened = []

    def read(path):
        opened.append(path)
        return SimpleNamespace(read_range=lambda at, size: b"0123456789"[at : at + size])

    reader = _Reader(SimpleNamespace(read=read), "warehouse/a", 10)
    reader.seek(7)
    assert opened == []
    assert (reader.read(2), reader.tell(), reader.read(9), reader.read()) == (b"78", 9, b"9", b"")
    assert reader.seek(-3, 2) == 7
    assert reader.read() == b"789"
    assert opened == ["/warehouse/a"]


@pytest.mark.parametrize(
    ("error", "late", "expected"),
    [
        (duckdb.InterruptException("INTERRUPT Error: Interrupted!"), True, ServiceTimeout),
        (duckdb.InterruptException("INTERRUPT Error: Interrupted!"), False, ServiceError),
        (duckdb.ParserException("syntax error"), False, BadInput),
        (duckdb.ConversionException("not a number"), False, BadInput),
        (duckdb.OutOfMemoryException("out of memory"), False, ServiceError),
        (duckdb.Error("Traceback\n  File x\nOSError: gone\n\nLINE 1: SELECT"), False, ServiceDown),
    ],
)
def test_a_duckdb_error_is_translated(error, late, expected):
    assert type(_translated(error, 5.0, late=late)) is expected


def test_of_an_error_in_a_file_the_reason_is_told_and_not_the_stack():
    error = duckdb.Error("Traceback (most recent call last):\n  File x\nOSError: gone\n\nLINE 1: SELECT")
    assert _translated(error, 5.0, late=False).message == "DuckDB cannot read the lake's files: OSError: gone"
