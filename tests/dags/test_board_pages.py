"""The results page inside Airflow's own API server."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

PREFIX = "/behind/a/proxy"
RUN_ID = "manual__2026-11-23T13:05:01.123456+00:00"


@pytest.fixture(scope="module")
def client(airflow_database):
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    return TestClient(create_app(), base_url=f"http://localhost{PREFIX}")


@pytest.fixture(scope="module")
def token(client):
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="ann", role="viewer"))


@pytest.fixture
def no_postgres(monkeypatch):
    monkeypatch.setenv("CROSSOVER_POSTGRES__PORT", "9")


def text_of(html: str) -> str:
    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.words: list[str] = []

        def handle_data(self, data):
            self.words.append(data)

    reader = Reader()
    reader.feed(html)
    return " ".join(" ".join(reader.words).split())


@pytest.mark.parametrize(
    "path", ["/", "/runs/x", "/compare?left=a&right=b", f"/dags/quickstart/runs/{RUN_ID}", "/openapi.json", "/docs"]
)
def test_a_stranger_sees_nothing(client, path):
    assert client.get(f"/crossover{path}", follow_redirects=False).status_code in (401, 404)
    if path in ("/", "/runs/x") or path.startswith(("/dags", "/compare")):
        assert client.get(f"/crossover{path}", follow_redirects=False).status_code == 401


def test_a_user_is_let_in_by_header_and_by_cookie(client, token, no_postgres):
    by_header = client.get("/crossover/", headers={"Authorization": f"Bearer {token}"})
    client.cookies.set("_token", token)
    by_cookie = client.get("/crossover/")
    client.cookies.clear()
    assert (by_header.status_code, by_cookie.status_code) == (503, 503)


def test_a_database_that_does_not_answer_gives_a_page_with_a_cure(client, token, no_postgres):
    answer = client.get("/crossover/runs/x", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 503
    assert "PostgreSQL at 127.0.0.1:9 does not answer" in text_of(answer.text)
    assert "What to do: crossover status" in text_of(answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_tab_of_a_dag_run_leads_to_the_run_that_it_made(client, token):
    from crossover.names import run_name

    address = f"/crossover/dags/quickstart/runs/{RUN_ID.replace('+', '%2B').replace(':', '%3A')}"
    answer = client.get(address, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False)
    assert answer.headers["location"] == f"{PREFIX}/crossover/runs/{run_name('quickstart', RUN_ID)}"


def test_the_link_of_a_task_and_the_tab_are_the_same_page():
    from crossover_airflow.crossover_plugin import CrossoverPlugin
    from crossover_airflow.links import ReportLink

    class Key:
        dag_id, run_id = "quickstart", "manual__2026-11-23T13:05:01+00:00"

    link = ReportLink().get_link(None, ti_key=Key)
    assert link == f"{PREFIX}/crossover/dags/quickstart/runs/manual__2026-11-23T13%3A05%3A01%2B00%3A00"
    tab = CrossoverPlugin.external_views[1]["href"]
    assert tab.replace("{DAG_ID}", "quickstart").replace("{RUN_ID}", link.rpartition("/")[2]) == link


def test_only_benchmark_tasks_carry_the_link(house):
    tasks = house.dags["quickstart"].task_dict
    linked = {name for name, task in tasks.items() if task.operator_extra_links}
    assert linked == {"benchmark_fragmented", "benchmark_compacted", "report"}


SCRIPT = "<script>alert(1)</script>"


def run_line(run_id, **changes):
    from crossover.report.runs import RunLine

    return RunLine(**{
        "run_id": run_id, "dataset": "d", "started_at": datetime(2026, 11, 23, 13, 5, 1, tzinfo=UTC), "valid": True,
        "first_reason": "", "reasons": 0, "cells": 120, "errors": 0, "disagreements": 0, "cases": 10, "sizes": 3,
        "smallest": 200_000, "largest": 2_000_000, "engines": ("postgres", "spark"), "figures": 0,
        "headline": "Spark (compacted) overtakes PostgreSQL (indexed) on 4 of 10 questions",
    } | changes)  # fmt: skip


def test_the_front_page_lists_runs_escapes_their_names_and_frames_the_newest():
    from crossover_airflow.board import _page

    html = _page(runs=[run_line(SCRIPT, errors=2, dataset=SCRIPT, headline=SCRIPT), run_line("older")]).body.decode()
    assert "<script>" not in html
    assert f'src="{PREFIX}/crossover/runs/%3Cscript%3Ealert%281%29%3C/script%3E"' in html
    assert "2 cells with errors" in text_of(html)
    assert "older 2026-11-23 13:05:01 UTC, data set d valid Spark (compacted) overtakes" in text_of(html)
    assert "10 questions, 3 sizes: 200 k to 2 M rows; PostgreSQL, Spark" in text_of(html)
    assert f'href="{PREFIX}/crossover/compare?right=older"' in html


def test_the_list_names_no_winner_of_an_invalid_run():
    from crossover_airflow.board import _page

    line = run_line("bad", valid=False, reasons=2, first_reason="the answers differ")
    html = text_of(_page(runs=[line]).body.decode())
    assert "invalid No winner is named. the answers differ (and 1 reason more)" in html
    assert "overtakes" not in html


def test_a_run_to_compare_with_is_chosen_from_the_others():
    from crossover_airflow.board import _page

    html = _page(runs=[run_line("a"), run_line("b&c")], chosen="a").body.decode()
    assert f'href="{PREFIX}/crossover/compare?left=b%26c&amp;right=a"' in html
    assert "iframe" not in html.partition("</style>")[2]
    assert "There is no other run." in text_of(_page(runs=[run_line("a")], chosen="a").body.decode())


def test_two_runs_stand_side_by_side_with_what_else_differs():
    from crossover.report.comparing import Line, SideBySide
    from crossover_airflow.board import _page

    line = Line(
        "count_all", "Spark (compacted)", "2 M", "", "64 ms", "", "96 ms", "", "1.5", "1.4 to 1.6", "slower", ""
    )
    both = SideBySide((f"run r is invalid: {SCRIPT}",), (("kernel", "6.8", SCRIPT),), (line,), "1 cell in both.")
    html = _page(title="Two", both=both, left="l", right="r", same_data=True).body.decode()
    assert "<script>" not in html
    assert "count_all Spark (compacted) 2 M 64 ms 96 ms 1.5 1.4 to 1.6 slower" in text_of(html)
    assert "kernel 6.8" in text_of(html)
    assert f'href="{PREFIX}/crossover/compare?left=r&amp;right=l"' in html


def test_a_comparison_needs_postgres_too_and_says_so_on_a_page(client, token, no_postgres):
    answer = client.get("/crossover/compare?left=a&right=b", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 503
    assert "does not answer" in text_of(answer.text)


def test_without_runs_the_front_page_says_what_to_do():
    from crossover_airflow.board import _page

    assert "Trigger the DAG quickstart" in text_of(_page(runs=[]).body.decode())


def test_airflow_loads_the_plugin_and_nothing_else_of_the_folder(client):
    import sys

    from airflow import plugins_manager

    plugins, errors = plugins_manager._get_plugins()
    assert errors == {}
    assert [p.name for p in plugins if str(p.source).endswith("crossover_plugin.py")] == ["crossover"]
    assert "local" not in sys.modules
    assert {view["url_route"] for view in plugins_manager._get_ui_plugins()[0]} >= {"crossover", "crossover_run"}
