"""Two pipelines in one database of PostgreSQL, run at the same time as commands."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers import PASSWORD, needs_postgresql, postgresql

from pipeline.config.metadata import PASSWORD_VARIABLE

pytestmark = needs_postgresql
TINY = (
    "data.split.eval_rows=150",
    "data.split.test_rows=150",
    'trainer.models={"tiny": {"widths": [4]}}',
    "trainer.max_epochs=1",
    'evaluation.thresholds=[{"metric": "auc", "at_least": 0}]',
)
CATALOG = "higgs_toy"
PIPELINES = (CATALOG, "twin")
"""The same pipeline under two names, so that the same steps come at about the same time."""


@pytest.fixture(scope="module")
def server():
    with postgresql() as found:
        found.create_database("shared")
        yield found


@pytest.fixture(scope="module")
def settings(home, server):
    """Returns the options of one of the pipelines."""
    rows = home.path / "rows.csv"
    home.here("data", CATALOG, "--rows", 600, "--out", rows)
    common = [f"--set={each}" for each in (*TINY, *server.settings("shared"), f"data.path={rows}")]
    return lambda name: [*common, f"--set=name={name}"]


@pytest.fixture(scope="module")
def run(home, settings):
    """Runs a command on each of the pipelines at the same time; returns them by name when all are done."""

    def both(command, *options):
        def one(name):
            return home.forked(command, CATALOG, *options, *settings(name), **{PASSWORD_VARIABLE: PASSWORD})

        with ThreadPoolExecutor(len(PIPELINES)) as threads:
            return dict(zip(PIPELINES, threads.map(one, PIPELINES), strict=True))

    return both


@pytest.fixture(scope="module")
def first_runs(run):
    return run("run")


def records(home, name):
    """All runs of a pipeline, the newest first."""
    files = sorted((home.path / "transferline" / name / "runs").glob("*.json"), reverse=True)
    return [json.loads(file.read_text()) for file in files]


def states(server):
    """How many executions there are of each pipeline by state: 3 is complete, 5 is cached."""
    rows = server.run_in(
        "shared",
        "SELECT c.name, e.last_known_state, count(*) FROM execution e JOIN association a ON a.execution_id = e.id "
        "JOIN context c ON c.id = a.context_id JOIN type t ON t.id = c.type_id AND t.name = 'pipeline' GROUP BY 1, 2",
    )
    return {(name, state): int(count) for name, state, count in (row.split("|") for row in rows.splitlines())}


def test_both_are_pushed_and_nothing_is_lost(first_runs, home, server):
    for name, done in first_runs.items():
        assert done.returncode == 0, done.stdout + done.stderr
        (record,) = records(home, name)
        assert record["status"] == "pushed"
        assert f"/{name}/pushed/" in record["model_uri"]
    steps = len(record["steps"]) + 1  # the look for the last blessed model is none to a person
    assert states(server) == {(name, "3"): steps for name in PIPELINES}
    assert server.run_in("shared", "SELECT name FROM type GROUP BY name, type_kind HAVING count(*) > 1") == ""


def test_neither_is_compared_with_the_other(first_runs, home):
    for name in PIPELINES:
        assert all(check["baseline"] is None for check in records(home, name)[0]["thresholds"])


def test_no_password_is_in_any_file(first_runs, home):
    written = [file for file in (home.path / "transferline").rglob("*") if file.is_file() and file.suffix != ".gz"]
    assert {".log", ".json", ".html"} <= {file.suffix for file in written}
    for file in written:
        content = file.read_bytes()
        assert PASSWORD.encode() not in content
        assert json.dumps(PASSWORD).strip('"').encode() not in content


def test_lineage_and_report_are_each_pipelines_own(first_runs, home, run):
    for name, done in run("lineage", "--json").items():
        *origins, catalog_file = json.loads(done.stdout)
        assert catalog_file["name"] == "catalog file"
        assert origins[0]["name"] == "Pusher: pushed_model"
        assert "CsvExampleGen: examples" in {origin["name"] for origin in origins}
        assert all(f"/{name}/" in origin["uri"] for origin in origins)
        (record,) = records(home, name)
        assert {origin["run_id"] for origin in origins} == {record["run_id"]}
        report = (home.path / "transferline" / name / "reports" / f"{record['run_id']}.html").read_text()
        assert record["model_uri"] in report
        assert all(step["reason"] == "first run of this step" for step in record["steps"] if step["name"] != "Data")


def test_nothing_changed_so_nothing_runs(first_runs, run):
    for name, done in run("run").items():
        assert f"/{name}/pushed/" in done.stdout
        assert "nothing changed since run" in done.stdout, done.stdout + done.stderr


def test_forced_runs_come_from_the_cache(first_runs, home, run, server):
    before = states(server)
    for name, done in run("run", "--force").items():
        assert done.returncode == 0, done.stdout + done.stderr
        assert all(step["cached"] for step in records(home, name)[0]["steps"])
    after = states(server)
    for name in PIPELINES:
        # The look for the last blessed model is never cached.
        assert after[name, "3"] == before[name, "3"] + 1
        assert after[name, "5"] == before[name, "3"] - 1


def test_what_is_cleaned_away_does_not_come_from_the_cache(first_runs, home, server, settings):
    options = ("--cache", "--yes", *settings("twin"))
    done = home.forked("clean", CATALOG, *options, **{PASSWORD_VARIABLE: PASSWORD})
    assert done.returncode == 0, done.stderr
    live = server.run_in("shared", "SELECT DISTINCT split_part(uri, '/artifacts/', 1) FROM artifact WHERE state = 2")
    assert live.splitlines() == [str(home.path / "transferline" / CATALOG)]
