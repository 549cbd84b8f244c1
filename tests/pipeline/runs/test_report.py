"""The page of a run: drawn of a home as the first release left it, and what it says of two runs."""

import shutil
from pathlib import Path

import old_home
import pytest

from components.outcome import Failure, Step
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.record import Counts, RunRecord, RunStore
from pipeline.runs.report import changes, report_path, versions, write_report

BEFORE = RunRecord(
    run_id="a",
    status="not_blessed",
    counts=Counts(train=1000),
    metrics={"auc": 0.5, "crossentropy": 0.7, "accuracy": 0.5, "calibration": 1.0, "example_count": 10},
    config={"trainer": {"seed": 1}},
)


@pytest.fixture
def config(tmp_path):
    """The pipeline of the old home, which has been unpacked."""
    old_home.unpack(tmp_path / "out", tmp_path / "cache")
    return apply_overrides(catalog.load(old_home.NAME), [f"output_dir={tmp_path / 'out'}", *old_home.SETTINGS])


@pytest.fixture
def runs(config):
    """Records of the old home, the newest first."""
    return RunStore(config.home).runs()


def test_a_page_is_drawn_with_the_reason_of_each_step_and_what_changed(config, runs):
    record = write_report(config, runs[0])
    assert record.report == str(report_path(config.home, record.run_id))
    reasons = {step.name: step.reason for step in record.steps}
    assert reasons["Trainer"] == f"same inputs, settings and code as in run {old_home.RUNS[0]}"
    assert f"version was {old_home.PUSHED[0]}, is {old_home.PUSHED[1]}" in reasons["Pusher"]
    assert all(reasons[step.name] for step in record.steps if step.name != "Data")
    (trainer,) = (step for step in write_report(config, runs[-1]).steps if step.name == "Trainer")
    assert "trainer.seed was 0, is 1" in trainer.reason
    page = Path(record.report).read_text()
    assert "Pushed" in page
    assert reasons["Trainer"] in page
    assert record.model_uri in page
    assert f"Pusher: pushed_model</b> <code>{record.model_uri}" in page


def test_the_index_has_all_runs_and_links_the_pages_that_are_there(config, runs):
    write_report(config, runs[1])
    write_report(config, runs[0])
    index = Path(config.home, "reports", "index.html").read_text()
    assert all(run.run_id in index for run in runs)
    assert [f"{run.run_id}.html" in index for run in runs] == [True, True, False]
    assert not list(Path(config.home, "reports").glob("*.partial"))


def test_the_page_of_a_run_that_came_to_no_report_step_shows_what_there_is(config, runs):
    """As if it had failed in the last step; what the others made is read anew."""
    (review,) = {folder for step in runs[0].steps if step.name == "Report" for folder in step.artifacts}
    shutil.rmtree(review)
    error = Failure(cause="The disk is full.", place="Report", cure="Make room.")
    failed = runs[0].model_copy(update={"run_id": "20270101T000000-00001", "status": "failed", "error": error})
    page = Path(write_report(config, failed).report).read_text()
    assert "The disk is full." in page
    assert "The run ended before the evaluation." in page


def test_changes_begin_with_the_outcome_and_end_with_the_metrics():
    steps = (
        Step(name="Trainer", seconds=1, cached=False, reason="trainer.seed changed"),
        Step(name="Evaluator", seconds=1, cached=False, reason="new: model"),
        Step(name="Transform", seconds=1, cached=True, reason="same inputs"),
    )
    now = RunRecord(
        run_id="b",
        status="pushed",
        steps=steps,
        counts=Counts(train=2000),
        metrics={"auc": 0.75, "crossentropy": 0.75, "accuracy": 0.5, "calibration": 1.5, "example_count": 20},
        config={"trainer": {"seed": None}},
    )
    found = {change.what: (change.before, change.now) for change in changes(BEFORE, now)}
    assert next(iter(found.items())) == ("status", ("not blessed", "pushed"))
    assert found["Trainer ran"] == ("", "trainer.seed changed")
    assert "Transform ran" not in found
    assert found["records: train"] == ("1,000", "2,000")
    assert found["setting trainer.seed"] == ("1", "None")
    assert found["auc"] == ("0.5000", "0.7500 (better)")
    assert found["crossentropy"] == ("0.7000", "0.7500 (worse)")
    assert found["accuracy"] == ("0.5000", "0.5000 (the same)")
    assert found["calibration"] == ("1.0000", "1.5000")
    assert "example_count" not in found


def test_a_metric_that_one_run_has_not_is_left_open():
    (change,) = changes(BEFORE.model_copy(update={"metrics": {}}), BEFORE.model_copy(update={"metrics": {"auc": 0.5}}))
    assert (change.before, change.now) == ("", "0.5000")


def test_versions_are_those_that_run():
    found = versions()
    assert {"python", "transferline", "tfx", "tensorflow"} <= set(found)
    assert found["tensorflow"][0].isdigit()
