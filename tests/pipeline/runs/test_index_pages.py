"""The pages over runs and over pipelines, of a home as the first release left it and of what else may lie beside it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import old_home
import pytest

from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.index_pages import write_index_pages, write_overview
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.report import write_report
from pipeline.runs.rollback import RECORDS_FILE, roll_back


@pytest.fixture
def config(tmp_path):
    """The pipeline of the old home, which has been unpacked."""
    old_home.unpack(tmp_path / "out", tmp_path / "cache")
    return apply_overrides(catalog.load(old_home.NAME), [f"output_dir={tmp_path / 'out'}", *old_home.SETTINGS])


@pytest.fixture
def runs(config):
    """Records of the old home, the newest first."""
    return RunStore(config.home).runs()


def index_of(config):
    write_index_pages(config)
    return Path(config.home, "reports", "index.html").read_text()


def overview_of(config):
    write_index_pages(config)
    return Path(config.output_dir, "index.html").read_text()


def test_the_index_has_all_runs_and_links_the_pages_that_are_there(config, runs):
    for run in runs[:2]:
        RunStore(config.home).save(write_report(config, run))
    index = index_of(config)
    assert all(run.run_id in index for run in runs)
    assert [f"{run.run_id}.html" in index for run in runs] == [True, True, False]
    assert not list(Path(config.home, "reports").glob("*.partial"))


def test_what_is_served_and_what_it_replaced_is_in_both_indexes(config, runs):
    pushed = [run for run in runs if run.model_uri]
    record = write_report(config, runs[0])
    assert record.intervals["auc"][0] < record.metrics["auc"] < record.intervals["auc"][1]
    index = index_of(config)
    assert index.count("★ served now") == sum(run.model_uri == pushed[0].model_uri for run in runs)
    assert "replaced since" in index
    every = overview_of(config)
    assert 'href="higgs_toy/reports/index.html"' in every
    assert old_home.PUSHED[-1] in every
    assert not list(Path(config.output_dir).glob("*.partial"))


def test_after_a_rollback_another_run_is_served(config, runs):
    newest, first = (next(run for run in each if run.model_uri) for each in (runs, runs[::-1]))

    def served():
        (row,) = [row for row in index_of(config).split("<tr") if "★ served now" in row]
        return row

    assert newest.run_id in served()
    roll_back(config, Path(first.model_uri).name)
    assert newest.run_id not in served()
    # A disk that filled up cut the last line of an earlier one.
    with Path(config.home, RECORDS_FILE).open("a") as file:
        file.write('{"time": "2026')
    assert newest.run_id not in served()


def test_whatever_lies_beside_a_pipeline_costs_it_no_page(config):
    beside = Path(config.output_dir)
    for name in ("latin", "folder", "number", "cut"):
        (beside / name / "runs").mkdir(parents=True)
    (beside / "latin" / "runs" / "a.json").write_bytes(b'{"run_id": "\xe9"}')
    (beside / "folder" / "runs" / "b.json").mkdir()
    RunStore(str(beside / "number")).save(RunRecord(run_id="c", status="pushed"))
    (beside / "number" / "pushed" / "20260101120000").mkdir(parents=True)
    (beside / "cut" / "runs" / "d.json").write_text('{"run_id"')
    every = overview_of(config)
    assert all(name in every for name in (config.name, "latin", "folder", "number", "cut", "20260101120000"))


def test_a_page_of_somebody_elses_is_left_alone(config):
    page = Path(config.output_dir, "index.html")
    page.write_text("<h1>Mine</h1>")
    assert overview_of(config) == "<h1>Mine</h1>"
    page.unlink()
    assert config.name in overview_of(config)
    assert config.name in overview_of(config)  # its own it writes again


def test_pipelines_that_end_together_are_all_on_the_page(tmp_path):
    def end(number):
        RunStore(str(tmp_path / f"pipeline{number}")).save(RunRecord(run_id=f"run{number}", status="pushed"))
        write_overview(tmp_path)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(end, range(24)))
    page = (tmp_path / "index.html").read_text()
    assert all(f"pipeline{number}<" in page for number in range(24))
    assert [path.name for path in tmp_path.glob("index.html*")] == ["index.html"]
