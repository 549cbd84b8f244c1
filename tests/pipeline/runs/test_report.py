"""The page of a run: drawn of a home as the first release left it, and what it says of two runs."""

import shutil
from pathlib import Path

import old_home

from components.outcome import Failure, Step
from pipeline.runs.record import Counts, RunRecord
from pipeline.runs.report import changes, report_path, write_report
from pipeline.runs.rollback import roll_back
from pipeline.runs.served import Versions

BEFORE = RunRecord(
    run_id="a",
    status="not_blessed",
    counts=Counts(train=1000),
    metrics={"auc": 0.5, "crossentropy": 0.7, "accuracy": 0.5, "calibration": 1.0, "example_count": 10},
    config={"trainer": {"seed": 1}},
)


def test_a_page_is_drawn_with_the_reason_of_each_step_and_what_changed(old_pipeline, old_runs):
    record = write_report(old_pipeline, old_runs[0])
    assert record.report == str(report_path(old_pipeline.home, record.run_id))
    reasons = {step.name: step.reason for step in record.steps}
    assert reasons["Trainer"] == f"same inputs, settings and code as in run {old_home.RUNS[0]}"
    assert f"version was {old_home.PUSHED[0]}, is {old_home.PUSHED[1]}" in reasons["Pusher"]
    assert all(reasons[step.name] for step in record.steps if step.name != "Data")
    (trainer,) = (step for step in write_report(old_pipeline, old_runs[-1]).steps if step.name == "Trainer")
    assert "trainer.seed was 0, is 1" in trainer.reason
    page = Path(record.report).read_text()
    assert "Pushed" in page
    assert reasons["Trainer"] in page
    assert record.model_uri in page
    assert f"Pusher: pushed_model</b> <code>{record.model_uri.removeprefix(f'{old_pipeline.home}/')}<" in page


def test_what_was_served_before_is_told_with_its_own_number(old_pipeline, old_runs):
    first_pushed = next(run for run in reversed(old_runs) if run.model_uri)
    later = next(run for run in old_runs if run.model_uri != first_pushed.model_uri and run.model_uri)
    before = Versions(old_pipeline).before(later, old_runs, "")
    assert before.version == Path(first_pushed.model_uri).name
    assert before.metrics == first_pushed.metrics
    assert not before.is_baseline
    (model,) = (
        uri for step in first_pushed.steps if step.name == "Trainer" for uri in step.artifacts if "/model/" in uri
    )
    assert Versions(old_pipeline).before(later, old_runs, model).is_baseline
    assert Versions(old_pipeline).before(first_pushed, old_runs, "") is None


def test_a_model_that_was_gone_back_from_is_marked(old_pipeline, old_runs):
    pushed = [run for run in old_runs if run.model_uri]
    oldest, newest = pushed[-1], pushed[0]
    roll_back(old_pipeline, Path(oldest.model_uri).name)
    there = Versions(old_pipeline)
    assert there.mark(oldest) == "served"
    assert there.mark(newest) == "rolled back"
    assert there.mark(BEFORE) == ""
    unpushed = BEFORE.model_copy(update={"run_id": "z"})
    assert there.before(unpushed, old_runs, "").rolled_back
    assert there.before(unpushed, old_runs, "").metrics == oldest.metrics


def test_the_page_of_a_run_that_came_to_no_report_step_shows_what_there_is(old_pipeline, old_runs):
    """As if it had failed in the last step; what the others made is read anew."""
    (review,) = {folder for step in old_runs[0].steps if step.name == "Report" for folder in step.artifacts}
    shutil.rmtree(review)
    error = Failure(cause="The disk is full.", place="Report", cure="Make room.")
    failed = old_runs[0].model_copy(update={"run_id": "20270101T000000-00001", "status": "failed", "error": error})
    page = Path(write_report(old_pipeline, failed).report).read_text()
    assert "The disk is full." in page
    assert "The run ended before its data was read." in page
    assert 'id="decision"' not in page


def test_a_run_that_failed_in_its_push_is_told_to_have_pushed_where_its_record_says_so(old_pipeline, old_runs):
    error = Failure(cause="The run was killed.", place="Pusher")
    update = {"run_id": "20270101T000000-00001", "status": "failed", "error": error}
    page = Path(write_report(old_pipeline, old_runs[0].model_copy(update=update)).report).read_text()
    assert f"after its model was pushed to {old_runs[0].model_uri}: The run was killed. (Pusher)" in page
    assert "Failed, but pushed" in page
    assert "nothing was pushed" not in page


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
        intervals={"auc": (0.6, 0.9)},
        config={"trainer": {"seed": None}},
    )
    found = {change.what: (change.before, change.now) for change in changes(BEFORE, now)}
    assert next(iter(found.items())) == ("status", ("not blessed", "pushed"))
    assert found["Trainer ran"] == ("", "trainer.seed changed")
    assert "Transform ran" not in found
    assert found["records: train"] == ("1,000", "2,000")
    assert found["setting trainer.seed"] == ("1", "None")
    # Better is what is so beyond chance; of what has no interval that can't be told.
    assert found["auc"] == ("0.5000", "0.7500 (+0.2500, better: 95 % interval 0.6000 to 0.9000)")
    assert found["crossentropy"] == ("0.7000", "0.7500 (+0.0500)")
    assert found["calibration"] == ("1.0000", "1.5000 (+0.5000)")
    assert not {"example_count", "accuracy"} & set(found)  # the accuracy is the same


def test_a_difference_within_the_interval_may_be_chance():
    now = BEFORE.model_copy(update={"metrics": {"accuracy": 0.52}, "intervals": {"accuracy": (0.45, 0.6)}})
    (change,) = changes(BEFORE.model_copy(update={"metrics": {"accuracy": 0.5}}), now)
    assert change.now == "0.5200 (+0.0200, which may be chance: 95 % interval 0.4500 to 0.6000)"
    now = BEFORE.model_copy(update={"metrics": {"rmse": 12.0}, "intervals": {"rmse": (11, 13)}})
    (change,) = changes(BEFORE.model_copy(update={"metrics": {"rmse": 10.0}}), now)
    assert change.now == "12.00 (+2.000, worse: 95 % interval 11.00 to 13.00)"


def test_a_metric_that_one_run_has_not_is_left_open():
    (change,) = changes(BEFORE.model_copy(update={"metrics": {}}), BEFORE.model_copy(update={"metrics": {"auc": 0.5}}))
    assert (change.before, change.now) == ("", "0.5000")
