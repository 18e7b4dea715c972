"""Every case is well made, and a badly made one is refused before anything is timed."""

import re
from datetime import UTC, datetime

import pytest

from crossover.benchmark import cases as cases_module
from crossover.benchmark.cases import Case, Parameter, check_parameters, load_case, load_cases
from crossover.errors import BadInput, BadSetting

TEN = {
    "count_all",
    "group_by_service",
    "group_by_level",
    "filter_level_group_by_service",
    "time_range_group_by_hour",
    "latest_errors",
    "lookup_event_id",
    "top_endpoints_by_p95",
    "distinct_hosts_per_service",
    "message_search",
}


def test_the_ten_cases_load():
    assert {case.name for case in load_cases()} >= TEN


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.name)
def test_a_case_says_what_it_is_and_ends_up_without_comments_or_placeholders(case):
    assert case.title
    assert case.why.endswith(".")
    for dialect in case.dialects:
        statement = case.statement(dialect, "some.relation")
        assert "some.relation" in statement
        assert "--" not in statement
        assert "{{" not in statement


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.name)
def test_all_dialects_name_the_same_columns(case):
    def selected(dialect):
        head = case.statement(dialect, "t").partition("\nFROM")[0]
        return re.findall(r"\bAS (\w+)", head)

    found = {dialect: [c for c in selected(dialect) if c != "metadata"] for dialect in case.dialects}
    assert all(columns == found["postgres"] for columns in found.values()), found


@pytest.mark.parametrize("case", [case for case in load_cases() if case.ordered], ids=lambda case: case.name)
def test_an_ordered_answer_of_many_rows_is_ordered_by_the_statement(case):
    if case.name != "count_all":
        assert all("ORDER BY" in case.statement(dialect, "t") for dialect in case.dialects)


def test_the_filter_of_the_filtered_case_reaches_all_statements():
    case = load_case("filter_level_group_by_service")
    assert "WHERE level = %(level)s" in case.statement("postgres", "t")
    assert "WHERE level = :level" in case.statement("spark", "t")
    assert "WHERE level = $level" in case.statement("duckdb", "t")
    assert case.bind({}) == {"level": "ERROR"}


def test_a_parameter_that_a_statement_drops_is_refused():
    with pytest.raises(BadSetting, match=r"declared but not used: \['level'\]"):
        check_parameters("x", "SELECT service, count(*) FROM t GROUP BY service", "postgres", {"level"})


def test_a_parameter_that_is_not_declared_is_refused():
    with pytest.raises(BadSetting, match=r"used but not declared: \['level'\]"):
        check_parameters("x", "SELECT 1 FROM t WHERE level = :level", "spark", set())


def test_a_parameter_inside_quotes_is_no_parameter():
    with pytest.raises(BadSetting, match=r"declared but not used: \['level'\]"):
        check_parameters("x", "SELECT 1 FROM t WHERE level = ':level'", "spark", {"level"})


def test_a_cast_is_no_parameter():
    check_parameters("x", "SELECT metadata::text, '12:30' FROM t WHERE level = :level", "spark", {"level"})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An own folder of cases with one good case in it."""
    home = tmp_path / "benchmark" / "mine"
    home.mkdir(parents=True)
    (home / "case.yaml").write_text(
        "title: T\nwhy: W.\nordered: false\nparameters:\n  level: {type: text, value: ERROR, how: fixed}\n"
    )
    (home / "postgres.sql").write_text("SELECT 1 FROM {{logs}} WHERE level = %(level)s")
    (home / "spark.sql").write_text("SELECT 1 FROM {{logs}} WHERE level = :level")

    def read(name, /, **names):
        text = (tmp_path / name).read_text()
        for key, value in names.items():
            text = text.replace("{{" + key + "}}", value)
        return text

    monkeypatch.setattr(cases_module, "files", lambda _package: tmp_path)
    monkeypatch.setattr(cases_module, "sql", read)
    return home


def test_adding_a_case_is_adding_a_folder(folder):
    assert [case.name for case in load_cases()] == ["mine"]


def test_an_engine_is_asked_the_cases_that_have_its_file(folder):
    assert load_case("mine").dialects == ("postgres", "spark")
    (folder / "duckdb.sql").write_text("SELECT 1 FROM {{logs}} WHERE level = $level")
    assert load_case("mine").dialects == ("postgres", "spark", "duckdb")


def test_every_case_can_be_asked_of_all_engines():
    assert {case.name for case in load_cases() if case.dialects != ("postgres", "spark", "duckdb")} == set()


@pytest.mark.parametrize("dialect", ["postgres", "spark"])
def test_a_case_without_one_of_the_two_sides_does_not_load(folder, dialect):
    (folder / f"{dialect}.sql").unlink()
    with pytest.raises(BadSetting, match=f"lacking: \\['{dialect}'\\]"):
        load_cases()


def test_a_statement_for_an_engine_that_does_not_exist_is_refused(folder):
    (folder / "dukdb.sql").write_text("SELECT 1 FROM {{logs}} WHERE level = $level")
    with pytest.raises(BadSetting, match=r"for no known engine: \['dukdb'\]"):
        load_cases()


@pytest.mark.parametrize("dialect", ["postgres", "spark", "duckdb"])
def test_a_case_whose_statement_lost_its_filter_does_not_load(folder, dialect):
    (folder / f"{dialect}.sql").write_text("SELECT 1 FROM {{logs}} -- WHERE level = %(level)s :level $level")
    with pytest.raises(BadSetting, match=f"case mine, {dialect}.sql: declared but not used"):
        load_cases()


def test_a_misspelt_key_in_case_yaml_is_refused(folder):
    (folder / "case.yaml").write_text("title: T\nwhy: W.\norderd: true\nordered: true\n")
    with pytest.raises(BadSetting, match="orderd"):
        load_cases()


def test_an_unknown_case_is_refused_with_the_known_ones():
    with pytest.raises(BadInput, match="nope") as error:
        load_cases(["count_all", "nope"])
    assert "count_all" in error.value.cure


def probing(**parameters):
    return Case("c", "t", "w", ordered=True, decimals=6, parameters=parameters)


def test_probed_values_are_checked_against_their_declared_types():
    case = probing(first=Parameter("timestamp", "probe"), level=Parameter("text", "fixed", "ERROR"))
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert case.bind({"first": noon}) == {"first": noon, "level": "ERROR"}
    with pytest.raises(BadInput, match="is not a timestamp"):
        case.bind({"first": "noon"})


def test_a_probe_that_finds_nothing_is_an_error():
    with pytest.raises(BadInput, match="probe"):
        probing(event_id=Parameter("text", "probe")).bind({})
