import base64
import csv
import io
import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest

from crossover.report import page
from crossover.report.findings import find

LARGEST = 2_000_000
HOSTILE = """<script>x</script>"' onload='x' <img src=http://evil.example/x> $\\frac{1}$ {{ 7*7 }} </svg></style>"""
EMPTY_ELEMENTS = {"meta", "br", "link", "img", "hr", "input"}


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


def test_each_case_has_a_sentence_a_strip_and_a_chart(synthetic):
    run = synthetic.run(synthetic.cells(noise=0.02))
    parsed = shown(run)
    charts = [e for e in parsed.all("figure") if "data-case" in e.attributes]
    assert sorted(e.attributes["data-case"] for e in charts) == sorted({c.case for c in run.cells})
    assert len(parsed.all("article", class_="finding")) == 10
    assert len(parsed.all("div", class_="strip")) == 10
    assert "PostgreSQL (indexed) is faster up to" in parsed.all("ul", class_="says")[0].text
    assert len(parsed.all("polyline", class_="curve")) == 40


def test_every_drawing_has_a_title_a_description_and_a_role(synthetic):
    parsed = shown(synthetic.run(synthetic.cells()))
    ids = [e.attributes["id"] for e in parsed.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    drawings = parsed.all("svg", class_="chart")
    assert len(drawings) == 10 + 10 + 2
    for drawing in drawings:
        assert drawing.attributes["role"] == "img"
        title, description = drawing.attributes["aria-labelledby"].split()
        assert {title, description} <= set(ids)


def test_a_crossing_is_drawn_only_where_one_was_found(synthetic):
    cells = synthetic.cells(cases=["count_all", "lookup_event_id"], noise=0.02)
    found = {f.case: f for f in find(synthetic.run(cells), {})}
    assert len(found["count_all"].chart.marks) == 1
    assert len(shown(synthetic.run(cells)).all("circle", class_="ring")) == 1
    without = [c for c in cells if c.case == "lookup_event_id"]
    parsed = shown(synthetic.run(without))
    assert parsed.all("circle", class_="ring") == []
    assert parsed.all("line", class_="cross-bar") == []


def test_the_table_has_every_cell_and_bold_only_for_a_shown_lead(synthetic):
    parsed = shown(synthetic.run(synthetic.cells(noise=0.02)))
    assert len(parsed.all("td", class_="number")) >= 120
    assert len(parsed.all("td", class_="best")) == 60
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


def test_text_from_the_data_cannot_become_markup(synthetic):
    cells = [
        replace(
            cell, case=HOSTILE, statement=HOSTILE, error=HOSTILE, parameters={HOSTILE: HOSTILE}, layout=layout,
            configuration={HOSTILE: HOSTILE, "master": HOSTILE}, cache_state=HOSTILE, condition=HOSTILE,
        )
        for cell, layout in zip(synthetic.cells(cases=["count_all"]), ["heap", HOSTILE] * 6, strict=True)
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
        synthetic.cells(), environment={"warehouse": "hdfs://127.0.0.1:8020/x", "see": "http://a.example"}
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


def test_the_page_has_a_dark_mode_for_each_of_its_colours(synthetic):
    style = shown(synthetic.run([])).all("style")[0].text
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert style.index("prefers-color-scheme: dark") < style.index(dark)
    assert set(re.findall(r"--[\w-]+(?=:)", light)) == set(re.findall(r"--[\w-]+(?=:)", dark))


def test_the_downloads_hold_every_sample_and_the_whole_run(synthetic):
    run = synthetic.run(synthetic.cells(cases=["count_all"]))
    table, document = shown(run).all("a", class_="button")
    lines = list(csv.DictReader(io.StringIO(decoded(table))))
    assert len(lines) == sum(len(cell.samples) for cell in run.cells)
    assert float(lines[1]["seconds"]) == run.cells[0].samples[1].seconds
    assert table.attributes["download"] == f"{run.run_id}-samples.csv"
    assert json.loads(decoded(document))["cells"][0]["statement"] == run.cells[0].statement


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
        "engine": [c for c in synthetic.cells() if c.engine == "spark"],
        "size": [c for c in synthetic.cells() if c.rows == LARGEST],
        "layout": [c for c in synthetic.cells() if c.layout in ("heap", "fragmented")],
    }[kept]
    parsed = shown(synthetic.run(chosen))
    assert len([e for e in parsed.all("figure") if "data-case" in e.attributes]) == 10
    assert [e.attributes["id"] for e in parsed.all("section")] == [
        "answers", "curves", *(["layouts"] if kept != "layout" else []), "medians", "questions", "setup", "limits",
        "download",
    ]  # fmt: skip


def test_a_value_that_changed_between_cells_is_marked(synthetic):
    cells = synthetic.cells(cases=["count_all"])
    cells[0] = replace(cells[0], configuration={**cells[0].configuration, "work_mem": "4 MB"})
    text = shown(synthetic.run(cells)).all("section", id="setup")[0].text
    assert "4 MB, 64 MB (differs between cells)" in text
    assert "1 GB (differs" not in text
