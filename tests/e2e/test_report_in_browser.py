"""The report and the board as a reader sees them: headless Chromium, phone and desk, light and dark."""

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossover.benchmark.results import Run, Stamp, save_cell, save_figures, save_run, save_stamp
from crossover.connections import connect_postgres
from crossover.report.command import keep_headline
from crossover.report.page import render
from crossover.report.report import report_of
from crossover.settings import Settings
from tests.unit.report.conftest import Synthetic

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
SIZES = {"phone": (390, 844), "desk": (1440, 900)}
CASES = ("count_all", "lookup_event_id", "top_endpoints_by_p95")
# Texts of a drawing that lie on each other, or leave it: pairs of the first letters.
OVERLAPS = """drawing => {
  const own = drawing.getBoundingClientRect();
  const texts = [...drawing.querySelectorAll('text')].filter(t => t.textContent.trim().length > 1);
  const boxes = texts.map(t => [t.textContent, t.getBoundingClientRect()]);
  const found = boxes.filter(([, b]) => b.right > own.right + 3 || b.left < own.left - 3).map(([t]) => [t, 'outside']);
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, b] = [boxes[i][1], boxes[j][1]];
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 3 && high > 0.45 * Math.min(a.height, b.height)) found.push([boxes[i][0], boxes[j][0]]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if BROWSER is None:
        pytest.skip("no chromium on this machine, and it could not be installed")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=[*quiet, "--disable-sync"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def valid() -> Run:
    mark = secrets.token_hex(4)
    return Synthetic().everything(cases=CASES, run_id=f"ui-valid-{mark}", dataset=f"ui_{mark}")


@pytest.fixture(scope="module")
def invalid(valid: Run) -> Run:
    return replace(
        valid,
        run_id=valid.run_id.replace("valid", "invalid"),
        stamp=Stamp(False, ("3 cells, first count_all on spark: the answers differ; cure: compare the statements",)),
    )


@pytest.fixture(scope="module")
def pages(valid: Run, invalid: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, run in (("valid", valid), ("invalid", invalid)):
        written[name] = folder / f"{name}.html"
        written[name].write_text(render(run), encoding="utf-8")
    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["valid", "invalid"])
def test_a_report_fits_its_screen_and_asks_nobody(
    browser: Any, pages: dict[str, Path], tmp_path: Path, name: str, size: str, scheme: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[name].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    drawings = page.locator("svg.chart")
    assert drawings.count() > 20
    for n in range(drawings.count()):
        box = drawings.nth(n).bounding_box()
        assert box, f"drawing {n} is not laid out"
        assert 200 < box["width"] <= width, f"drawing {n} is {box}"
        assert drawings.nth(n).evaluate(OVERLAPS) == [], f"drawing {n}"
    ink, paper = (_brightness(page, name) for name in ("color", "backgroundColor"))
    assert (ink < paper) is (scheme == "light")
    assert abs(ink - paper) > 150
    picture = tmp_path / f"{name}-{size}-{scheme}.png"
    page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 50_000, "the screenshot is as good as blank"
    assert not [url for url in asked if not url.startswith(("file:", "data:"))], "the page asked the network"
    context.close()


def _brightness(page: Any, name: str) -> float:
    colour = page.evaluate(f"getComputedStyle(document.documentElement).{name}")
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_the_answer_is_on_the_first_screen_and_a_click_keeps_a_figure(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(pages["valid"].as_uri())
    answer = page.locator("#answers .says li").first
    assert answer.bounding_box()["y"] < 900
    assert "PostgreSQL (indexed) up to" in answer.text_content()
    with page.expect_download() as download:
        page.locator("figure[data-chart=write_rate] a", has_text="JSON").click()
    assert download.value.suggested_filename == "write_rate.json"
    assert len(json.loads(Path(download.value.path()).read_text())["rows"]) == 15


def test_a_kept_drawing_opens_by_itself(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 700})
    page.goto(pages["valid"].as_uri())
    with page.expect_download() as download:
        page.locator("figure[data-chart=count_all] a", has_text="SVG").click()
    kept = tmp_path / "count_all.svg"
    download.value.save_as(kept)
    page.goto(kept.as_uri())
    assert page.locator("polyline.curve").first.evaluate("line => getComputedStyle(line).stroke") != "none"


@pytest.fixture(scope="module")
def stored(stack: Settings, valid: Run, invalid: Run) -> tuple[Run, Run]:
    with connect_postgres(stack, application="test") as connection:
        for run in (valid, invalid):
            save_run(connection, run)
            for cell in run.cells:
                save_cell(connection, run.run_id, cell)
            save_figures(connection, run.run_id, run.figures)
            assert run.stamp
            save_stamp(connection, run.run_id, run.stamp)
    for run in (valid, invalid):
        keep_headline(report_of(run), stack)
    return valid, invalid


@pytest.fixture(scope="module")
def signed_in(stack: Settings, browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{stack.airflow.url}/auth/login")
    page.locator("input[name=username]").fill(stack.airflow.user)
    page.locator("input[name=password]").fill(stack.airflow.password.get_secret_value())
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/auth/login" not in url)
    yield page
    context.close()


def test_a_stranger_sees_no_run(stack: Settings, stored: tuple[Run, Run]) -> None:
    import httpx

    for path in ("/", f"/runs/{stored[0].run_id}", f"/compare?right={stored[0].run_id}"):
        assert httpx.get(f"{stack.airflow.url}/crossover{path}").status_code == 401


@pytest.mark.parametrize("size", SIZES)
def test_the_board_lists_valid_and_invalid_runs_and_names_no_winner_of_these(
    stack: Settings, stored: tuple[Run, Run], signed_in: Any, size: str, tmp_path: Path
) -> None:
    good, bad = stored
    signed_in.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    signed_in.goto(f"{stack.airflow.url}/crossover/")
    lines = {run.run_id: signed_in.locator("li", has=signed_in.get_by_text(run.run_id)) for run in stored}
    assert "Spark (compacted) overtakes PostgreSQL (indexed)" in lines[good.run_id].text_content()
    assert "3 questions, 5 sizes: 200 k to 12 M rows" in lines[good.run_id].text_content()
    assert "No winner is named. 3 cells, first count_all" in lines[bad.run_id].text_content()
    assert "overtakes" not in lines[bad.run_id].text_content()
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    signed_in.screenshot(path=tmp_path / f"board-{size}.png")


def test_the_report_on_the_board_is_drawn_under_its_content_security_policy(
    stack: Settings, stored: tuple[Run, Run], signed_in: Any
) -> None:
    refused: list[str] = []
    signed_in.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    answer = signed_in.goto(f"{stack.airflow.url}/crossover/runs/{stored[1].run_id}")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "This run is invalid: no winner is named." in signed_in.locator("h1").text_content()
    assert signed_in.locator("svg.chart").first.bounding_box()["width"] > 100
    assert refused == []


def test_two_runs_are_compared_on_a_page_of_their_own(stack: Settings, stored: tuple[Run, Run], signed_in: Any) -> None:
    good, bad = stored
    signed_in.goto(f"{stack.airflow.url}/crossover/compare?right={bad.run_id}")
    signed_in.get_by_role("link", name=good.run_id, exact=True).click()
    assert signed_in.locator("h1").text_content() == "Two runs side by side"
    assert signed_in.locator("tbody tr").count() >= len(good.cells)
    assert f"run {bad.run_id} is invalid" in signed_in.content()
    assert signed_in.get_by_text("slower", exact=True).count() == 0
