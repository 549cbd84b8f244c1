"""The pages over runs and over pipelines, of a home as the first release left it and of what else may lie beside it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import old_home

from components.outcome import ThresholdCheck
from pipeline.runs.index_pages import run_line, write_index_pages, write_overview
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.report import write_report
from pipeline.runs.rollback import roll_back
from pipeline.runs.rollbacks import RECORDS_FILE


def index_of(config):
    write_index_pages(config)
    return Path(config.home, "reports", "index.html").read_text()


def overview_of(config):
    write_index_pages(config)
    return Path(config.output_dir, "index.html").read_text()


def test_the_index_has_all_runs_and_links_the_pages_that_are_there(old_pipeline, old_runs):
    for run in old_runs[:2]:
        RunStore(old_pipeline.home).save(write_report(old_pipeline, run))
    index = index_of(old_pipeline)
    assert all(run.run_id in index for run in old_runs)
    assert [f"{run.run_id}.html" in index for run in old_runs] == [True, True, False]
    assert not list(Path(old_pipeline.home, "reports").glob("*.partial"))


def test_what_is_served_and_what_it_replaced_is_in_both_indexes(old_pipeline, old_runs):
    pushed = [run for run in old_runs if run.model_uri]
    record = write_report(old_pipeline, old_runs[0])
    assert record.intervals["auc"][0] < record.metrics["auc"] < record.intervals["auc"][1]
    index = index_of(old_pipeline)
    assert index.count("★ served now") == sum(run.model_uri == pushed[0].model_uri for run in old_runs)
    assert "replaced since" in index
    every = overview_of(old_pipeline)
    assert 'href="higgs_toy/reports/index.html"' in every
    assert old_home.PUSHED[-1] in every
    assert not list(Path(old_pipeline.output_dir).glob("*.partial"))


def test_bounds_that_were_set_are_told_as_they_were_and_computed_ones_in_four_digits():
    each = {"slice": "all examples", "value": 0.9, "baseline": None, "passed": True}
    checks = (
        ThresholdCheck(metric="rmse", kind="at_most", bound=1234567.8, **each),
        ThresholdCheck(metric="accuracy", kind="better_than_guessing", bound=2 / 3, **each),
        ThresholdCheck(metric="auc", kind="max_drop", bound=0.1, **each),
    )
    line = run_line(RunRecord(run_id="a", status="pushed", thresholds=checks))
    assert line.bound_texts == {"rmse": "1234567.8", "accuracy": "0.6667"}


def test_after_a_rollback_another_run_is_served(old_pipeline, old_runs):
    newest, first = (next(run for run in each if run.model_uri) for each in (old_runs, old_runs[::-1]))

    def served():
        (row,) = [row for row in index_of(old_pipeline).split("<tr") if "★ served now" in row]
        return row

    assert newest.run_id in served()
    roll_back(old_pipeline, Path(first.model_uri).name)
    assert newest.run_id not in served()
    # A disk that filled up cut the last line of an earlier one.
    with Path(old_pipeline.home, RECORDS_FILE).open("a") as file:
        file.write('{"time": "2026')
    assert newest.run_id not in served()


def test_whatever_lies_beside_a_pipeline_costs_it_no_page(old_pipeline):
    beside = Path(old_pipeline.output_dir)
    for name in ("latin", "folder", "number", "cut"):
        (beside / name / "runs").mkdir(parents=True)
    (beside / "latin" / "runs" / "a.json").write_bytes(b'{"run_id": "\xe9"}')
    (beside / "folder" / "runs" / "b.json").mkdir()
    RunStore(str(beside / "number")).save(RunRecord(run_id="c", status="pushed"))
    (beside / "number" / "pushed" / "20260101120000").mkdir(parents=True)
    (beside / "cut" / "runs" / "d.json").write_text('{"run_id"')
    every = overview_of(old_pipeline)
    assert all(name in every for name in (old_pipeline.name, "latin", "folder", "number", "cut", "20260101120000"))


def test_a_page_of_somebody_elses_is_left_alone(old_pipeline):
    page = Path(old_pipeline.output_dir, "index.html")
    page.write_text("<h1>Mine</h1>")
    assert overview_of(old_pipeline) == "<h1>Mine</h1>"
    page.unlink()
    assert old_pipeline.name in overview_of(old_pipeline)
    assert old_pipeline.name in overview_of(old_pipeline)  # its own it writes again


def test_pipelines_that_end_together_are_all_on_the_page(tmp_path):
    def end(number):
        RunStore(str(tmp_path / f"pipeline{number}")).save(RunRecord(run_id=f"run{number}", status="pushed"))
        write_overview(tmp_path)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(end, range(24)))
    page = (tmp_path / "index.html").read_text()
    assert all(f"pipeline{number}<" in page for number in range(24))
    assert [path.name for path in tmp_path.glob("index.html*")] == ["index.html"]
