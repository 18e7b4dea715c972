import argparse
import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from crossover.benchmark import exchange
from crossover.benchmark.results import Figure
from crossover.benchmark.validity.stamp import stamp
from crossover.errors import BadInput
from crossover.report.command import add_arguments, default_folder, write_report
from crossover.report.report import report_of
from crossover.report.samples import samples_csv
from crossover.settings import Settings

PNG = b"\x89PNG\r\n\x1a\n"
CASES = ("count_all", "lookup_event_id")
TWO = (("postgres", "indexed"), ("spark", "compacted"))


def written(run, folder):
    return write_report(report_of(run), folder)


def test_the_folder_has_the_page_the_data_and_a_plot_a_case(synthetic, tmp_path):
    run = synthetic.run(synthetic.cells(cases=CASES, sizes=[200_000]))
    paths = written(run, tmp_path / "new" / "folder")
    names = [
        "report.html", "run.json", "overview.png", "count_all.png", "lookup_event_id.png",
        "layouts_spark_compacted.png", "layouts_duckdb_compacted.png", "layouts_postgres_indexed.png",
        "noise_floor.png",
    ]  # fmt: skip
    assert [path.name for path in paths] == names
    assert sorted(p.name for p in paths[0].parent.iterdir()) == sorted(names)
    assert all(path.read_bytes().startswith(PNG) for path in paths[2:])


def test_run_json_is_the_run_as_it_can_be_read_back_with_its_stamp(synthetic, tmp_path):
    run = synthetic.run(synthetic.cells(cases=CASES[:1], sizes=[200_000]), stamp=None)
    said = Figure("headline", {}, "questions", (1.0,), "Spark wins")
    found = exchange.parse(written(replace(run, figures=(said,)), tmp_path)[1].read_bytes())
    assert found == replace(run, stamp=stamp(run))


def test_every_kind_of_chart_is_drawn_as_a_file(synthetic, tmp_path):
    paths = written(synthetic.everything(cases=CASES[:1]), tmp_path)
    names = {path.stem for path in paths}
    assert names > {"busy_spark_compacted", "write_rate", "freshness", "files_count_all", "bytes_per_record"}
    assert all(path.read_bytes().startswith(PNG) for path in paths[2:])


def test_an_old_report_is_replaced_as_a_whole_and_no_partial_file_stays(synthetic, tmp_path):
    run = synthetic.run([])
    page = tmp_path / "report.html"
    page.write_text("old")
    with page.open() as reader:
        written(run, tmp_path)
        assert reader.read() == "old"
    assert page.read_text().startswith("<!doctype html>")
    assert not list(tmp_path.glob(".*"))


def test_strange_case_names_still_give_plots_inside_the_folder(synthetic, tmp_path):
    known = synthetic.cells(cases=["count_all"], sizes=[200_000], sides=TWO)
    cells = [replace(cell, case=case) for case in ("a$b_{c", "../escape", "Größe") for cell in known]
    paths = written(synthetic.run(cells), tmp_path / "out")
    assert {path.parent for path in paths} == {tmp_path / "out"}
    assert {"a_b__c.png", "_escape.png", "Größe.png"} <= {path.name for path in paths}
    assert all(path.read_bytes().startswith(PNG) for path in paths[2:])


def test_an_empty_run_and_a_void_run_are_drawn_too(synthetic, tmp_path):
    void = [replace(cell, error="down", samples=()) for cell in synthetic.cells(cases=CASES, sizes=[200_000])]
    for name, cells in (("empty", []), ("void", void)):
        assert all(path.stat().st_size for path in written(synthetic.run(cells), tmp_path / name))


def test_the_same_run_gives_the_same_bytes(synthetic, tmp_path):
    run = synthetic.run(synthetic.cells(cases=CASES[:1], sizes=[200_000], sides=TWO))
    first, second = written(run, tmp_path / "a"), written(run, tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize("run_id", ["../x", "/etc", "..", "", "a/b"])
def test_a_run_id_that_leads_elsewhere_is_refused(tmp_path, run_id):
    with pytest.raises(BadInput):
        default_folder(Settings(home=tmp_path), run_id)


def test_the_default_folder_is_the_runs_own(tmp_path):
    assert default_folder(Settings(home=tmp_path), "r1") == tmp_path / "reports" / "r1"


def test_a_text_that_a_spreadsheet_would_run_is_defused(synthetic):
    cell = replace(synthetic.cells(cases=["count_all"])[0], error='=HYPERLINK("x")')
    lines = list(csv.DictReader(io.StringIO(samples_csv(synthetic.run([cell])))))
    assert lines[0]["cell_error"] == '\'=HYPERLINK("x")'
    assert lines[0]["repetition"] == "-1"


def test_the_newest_run_is_drawn_when_none_is_named():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert vars(parser.parse_args([])) == {"run": None, "out": None}
    assert parser.parse_args(["--run", "r1", "--out", "x"]).out == Path("x")
