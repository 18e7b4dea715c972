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


@pytest.mark.parametrize("path", ["/", "/runs/x", f"/dags/quickstart/runs/{RUN_ID}", "/openapi.json", "/docs"])
def test_a_stranger_sees_nothing(client, path):
    assert client.get(f"/crossover{path}", follow_redirects=False).status_code in (401, 404)
    if path in ("/", "/runs/x") or path.startswith("/dags"):
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
    from crossover_airflow.names import run_name

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


def test_the_front_page_lists_runs_escapes_their_names_and_frames_the_newest():
    from crossover.benchmark.results import RunHeader
    from crossover_airflow.board import _page

    started = datetime(2026, 11, 23, 13, 5, 1, tzinfo=UTC)
    runs = [
        RunHeader("<script>alert(1)</script>", "d", started, cells=120, errors=2, disagreements=0),
        RunHeader("older", "d", started, cells=120, errors=0, disagreements=0),
    ]
    html = _page(runs=runs).body.decode()
    assert "<script>" not in html
    assert f'src="{PREFIX}/crossover/runs/%3Cscript%3Ealert%281%29%3C/script%3E"' in html
    assert "older d 2026-11-23 13:05:01 120 0 0" in text_of(html)


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
