import base64
import csv
import io
import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from crossover.benchmark import exchange
from crossover.report import page
from crossover.report.findings import find

LARGEST = 12_000_000
THREE = ("count_all", "lookup_event_id", "top_endpoints_by_p95")
HOSTILE = """<script>x</script>"' onload='x' <img src=http://evil.example/x> $\\frac{1}$ {{ 7*7 }} </svg></style>"""
EMPTY_ELEMENTS = {"meta", "br", "link", "img", "hr", "input"}
WAYS = (("text/csv", "CSV"), ("application/json", "JSON"), ("image/svg+xml", "SVG"))


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: tuple[str, ...] = ()


@dataclass
class Page(HTMLParser):
    """All elements of a page in order; a wrongly nested page fails."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self):
        super().__init__()

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        element = Element(tag, {name: value or "" for name, value in attrs}, inside=tuple(e.tag for e in self.open))
        self.elements.append(element)
        if tag not in EMPTY_ELEMENTS:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        for element in self.open:
            element.text += data

    def all(self, tag, **attributes):
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            e
            for e in self.elements
            if e.tag == tag and all(value in e.attributes.get(name, "").split() for name, value in wanted.items())
        ]


def parse(html):
    parsed = Page()
    parsed.feed(html)
    parsed.close()
    assert parsed.open == []
    return parsed


def shown(run):
    return parse(page.render(run))


@pytest.fixture(scope="module")
def whole(synthetic):
    """A run with everything that a report can show, parsed once."""
    run = synthetic.everything(cases=THREE)
    return run, page.render(run)


def test_each_case_has_a_sentence_a_pair_a_strip_and_a_chart(synthetic, whole):
    _, html = whole
    parsed = parse(html)
    articles = parsed.all("article", class_="finding")
    # Idle, and under three conditions at one size.
    assert len(articles) == len(parsed.all("div", class_="strip")) == 3 * 4
    says = parsed.all("ul", class_="says")[0].text
    assert re.search(
        r"PostgreSQL \(indexed\) up to 1.\d+\sM\srows \[1.\d+ to 1.\d+\sM\], Spark \(compacted\) beyond;", says
    )
    assert "measured to 12\xa0M." in says
    assert "DuckDB (compacted) beyond" in says
    assert "fragmented" not in says
    assert "Without indexes and without compaction" in html
    charts = [e.attributes["data-chart"] for e in parsed.all("figure")]
    assert {*THREE, "count_all_hot_both"} <= set(charts)
    assert len(charts) == len(set(charts))


def test_the_crossing_is_told_in_bytes_and_in_bytes_a_gib_of_memory(synthetic):
    text = shown(synthetic.run(synthetic.cells(cases=["count_all"], noise=0.02))).all("ul", class_="says")[0].text
    told = re.search(r"rows are (\d+) MB \[\d+ to \d+ MB\] in PostgreSQL \(indexed\), (\d+) MB a GiB of memory", text)
    assert told, text
    # Each engine has 4 GiB in these runs.
    assert int(told[1]) / 4 == pytest.approx(int(told[2]), abs=1)


def test_the_report_begins_with_the_answer_and_has_a_part_for_each_kind_of_data(whole):
    parsed = parse(whole[1])
    assert [e.attributes["id"] for e in parsed.all("section")] == [
        "answers", "curves", "layouts", "interference", "compaction", "writing", "freshness", "space", "cost", "noise",
        "medians", "verdict", "questions", "setup", "download",
    ]  # fmt: skip
    first = parsed.all("h1")[0].text
    assert first.startswith("Spark (compacted) overtakes PostgreSQL (indexed) on 2 of 3 questions, first at 4")


def test_every_figure_can_be_taken_away_as_a_drawing_and_as_data(whole):
    parsed = parse(whole[1])
    links = [e for e in parsed.all("a") if "figure" in e.inside]
    assert len(links) == 3 * len(parsed.all("figure"))
    for link in links:
        kind = next(kind for kind, name in WAYS if name == link.text)
        assert link.attributes["href"].startswith(f"data:{kind};")
        content = decoded(link)
        if link.text == "SVG":
            drawing = ET.fromstring(content)
            assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
            assert "--c1" in content
        elif link.text == "CSV":
            assert len(list(csv.DictReader(io.StringIO(content)))) > 0, link.attributes["download"]
        else:
            assert json.loads(content)["rows"]
    names = [link.attributes["download"] for link in links]
    assert len(names) == len(set(names))


def test_every_drawing_has_a_title_a_description_and_a_role(whole):
    parsed = parse(whole[1])
    ids = [e.attributes["id"] for e in parsed.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    drawings = parsed.all("svg", class_="chart")
    assert len(drawings) == len(parsed.all("figure")) + 12
    for drawing in drawings:
        assert drawing.attributes["role"] == "img"
        title, description = drawing.attributes["aria-labelledby"].split()
        assert {title, description} <= set(ids)


def test_a_crossing_is_drawn_only_where_one_was_found(synthetic):
    sides = [("postgres", "indexed"), ("spark", "compacted")]
    cells = synthetic.cells(cases=["count_all", "lookup_event_id"], sides=sides, noise=0.02)
    found = {f.case: f for f in find(synthetic.run(cells), {})}
    assert len(found["count_all"].chart.marks) == 1
    assert len(shown(synthetic.run(cells)).all("circle", class_="ring")) == 1
    parsed = shown(synthetic.run([c for c in cells if c.case == "lookup_event_id"]))
    assert parsed.all("circle", class_="ring") == []
    assert parsed.all("line", class_="cross-bar") == []


def test_the_model_of_each_line_is_drawn_with_its_residuals(synthetic):
    parsed = shown(synthetic.run(synthetic.cells(cases=["count_all"], noise=0.02)))
    assert len(parsed.all("polyline", class_="model")) == 6
    assert parsed.all("details", class_="models")[0].text.count("rows / 1 M") == 6
    assert "measured / model" in parsed.all("figure")[0].text
    few = shown(synthetic.run(synthetic.cells(cases=["count_all"], sizes=synthetic.sizes[:3])))
    assert few.all("polyline", class_="model") == []


def test_the_table_is_bold_only_for_a_shown_lead(synthetic):
    parsed = shown(synthetic.run(synthetic.cells(cases=["count_all", "lookup_event_id"], noise=0.02)))
    assert len(parsed.all("td", class_="number")) >= 60
    assert len(parsed.all("td", class_="best")) >= 20
    equal = [synthetic.cell("count_all", "postgres", "indexed", rows, 0.5) for rows in synthetic.sizes]
    equal += [replace(cell, engine="spark", layout="compacted") for cell in equal]
    assert shown(synthetic.run(equal)).all("td", class_="best") == []


def test_errors_and_disagreements_stand_in_red_with_their_text_and_without_a_time(synthetic):
    cells = synthetic.change(
        synthetic.cells(cases=["count_all"]),
        ("count_all", "spark", "fragmented", 200_000),
        error="ServiceTimeout: 120 s",
    )
    cells = synthetic.change(
        cells, ("count_all", "spark", "compacted", LARGEST), answers_agree=False, error="3 of 100 rows differ"
    )
    parsed = shown(synthetic.run(cells))
    assert [e.text for e in parsed.all("td", class_="void")] == [
        "void: ServiceTimeout: 120 s",
        "void: The engines gave different answers: 3 of 100 rows differ",
    ]
    assert len(parsed.all("ul", class_="problems")[0].text.split("Spark (")) == 3
    assert parsed.all("div", class_="bad")[0].text.strip() == "void cells2"


def test_what_was_seen_is_told_with_the_worst_of_each_kind(synthetic):
    cells = synthetic.cells(cases=["count_all"])
    seen = replace(cells[3].evidence, steal=0.07, idle_workers=("executor 2",), memory_bytes=2 * 2**30)
    cells[3] = replace(cells[3], evidence=seen)
    text = shown(synthetic.run(cells)).all("section", id="verdict")[0].text
    assert "at most 7 % (count_all, PostgreSQL (indexed), 200 k rows)" in text
    assert "executor 2 (in 1 cell)" in text
    assert "2 cores, 4 GiB; 2 cores, 2 GiB (differs between cells)" in text


def test_text_from_the_data_cannot_become_markup(synthetic):
    cells = [
        replace(
            cell, case=HOSTILE, statement=HOSTILE, error=HOSTILE, parameters={HOSTILE: HOSTILE}, layout=layout,
            configuration={HOSTILE: HOSTILE, "master": HOSTILE}, cache_state=HOSTILE, condition=HOSTILE,
        )
        for cell, layout in zip(synthetic.cells(cases=["count_all"]), ["heap", HOSTILE] * 15, strict=True)
    ]  # fmt: skip
    cells += [replace(cell, case=HOSTILE) for cell in synthetic.cells(cases=["count_all"])]
    run = synthetic.run(
        cells, run_id=HOSTILE, dataset=HOSTILE, environment={HOSTILE: HOSTILE}, settings={HOSTILE: {HOSTILE: [HOSTILE]}}
    )
    parsed = shown(run)
    assert parsed.all("script") == []
    assert parsed.all("img") == []
    assert not [e for e in parsed.elements if any(name.startswith("on") for name in e.attributes)]
    assert len(parsed.all("style")) == len(parsed.all("main")) == 1
    for place in ("title", "dl", "figcaption", "pre", "td"):
        assert any(HOSTILE in e.text for e in parsed.all(place)), place


def test_nothing_is_loaded_from_outside_the_page(synthetic):
    run = synthetic.run(
        synthetic.cells(cases=THREE),
        figures=synthetic.figures(),
        environment={"warehouse": "hdfs://127.0.0.1:8020/x", "see": "http://a.example"},
    )
    html = page.render(run)
    parsed = parse(html)
    addresses = [
        e.attributes[name]
        for e in parsed.elements
        for name in ("src", "href", "action", "data")
        if name in e.attributes
    ]
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert parsed.all("link") == []
    assert not re.search(r"@import|url\(|@font-face", parsed.all("style")[0].text)
    for link in parsed.all("a"):
        if link.text == "SVG":
            inner = decoded(link).replace('xmlns="http://www.w3.org/2000/svg"', "")
            assert "http" not in inner
            assert "url(" not in inner


def test_the_page_has_a_dark_mode_for_each_of_its_colours(synthetic):
    style = shown(synthetic.run([])).all("style")[0].text
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert style.index("prefers-color-scheme: dark") < style.index(dark)
    assert set(re.findall(r"--[\w-]+(?=:)", light)) == set(re.findall(r"--[\w-]+(?=:)", dark))


def test_the_downloads_hold_every_sample_and_the_whole_run(synthetic):
    run = synthetic.run(synthetic.cells(cases=["count_all"]), figures=synthetic.figures())
    table, document = shown(run).all("a", class_="button")
    lines = list(csv.DictReader(io.StringIO(decoded(table))))
    assert len(lines) == sum(len(cell.samples) for cell in run.cells)
    assert float(lines[1]["seconds"]) == run.cells[0].samples[1].seconds
    assert table.attributes["download"] == f"{run.run_id}-samples.csv"
    assert exchange.parse(decoded(document).encode()) == run


def decoded(link):
    return base64.b64decode(link.attributes["href"].partition("base64,")[2]).decode()


def test_an_empty_run_is_a_page_that_says_so(synthetic):
    parsed = shown(synthetic.run([]))
    text = parsed.all("main")[0].text
    assert "Nothing was compared" in text
    assert "nothing was measured yet" in text
    assert parsed.all("svg") == []


@pytest.mark.parametrize("kept", ["engine", "size", "layout"])
def test_a_partial_run_is_still_a_whole_page(synthetic, kept):
    chosen = {
        "engine": [c for c in synthetic.cells(cases=THREE) if c.engine == "spark"],
        "size": [c for c in synthetic.cells(cases=THREE) if c.rows == LARGEST],
        "layout": [c for c in synthetic.cells(cases=THREE) if c.layout in ("heap", "fragmented")],
    }[kept]
    parsed = shown(synthetic.run(chosen))
    assert len([e for e in parsed.all("figure") if e.attributes["data-chart"] in THREE]) == 3
    assert [e.attributes["id"] for e in parsed.all("section")] == [
        "answers", "curves", *(["layouts"] if kept != "layout" else []), "noise", "medians", "verdict", "questions",
        "setup", "download",
    ]  # fmt: skip


def test_a_run_of_figures_alone_is_a_page_too(synthetic):
    parsed = shown(synthetic.run([], figures=synthetic.figures()))
    assert parsed.all("h1")[0].text == "Nothing was compared: this run timed no question."
    assert {"writing", "freshness"} <= {e.attributes["id"] for e in parsed.all("section")}


def test_a_value_that_changed_between_cells_is_marked(synthetic):
    cells = synthetic.cells(cases=["count_all"])
    cells[0] = replace(cells[0], configuration={**cells[0].configuration, "work_mem": "4 MB"})
    text = shown(synthetic.run(cells)).all("section", id="setup")[0].text
    assert "4 MB, 64 MB (differs between cells)" in text
    assert "1 GB (differs" not in text
