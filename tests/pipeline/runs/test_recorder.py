"""What the record and the screen say of a run while it goes on, and after it."""

import importlib
import io
import os
from pathlib import Path

import pytest
from model_files import write_model_files
from report_samples import curves

from components.answering import Answering, write_answering
from components.csv_example_gen.column_counts import ColumnCounts, write_columns
from components.errors import TransferlineError
from components.evaluator.decision import DECISION_FILE
from components.ingest.report import IngestReport, write_report
from components.operating_point import AtRecall
from components.outcome import Decision, Step, ThresholdCheck
from components.pusher.publish import publish
from components.pusher.seal import make_seal
from components.pusher.versions import SERVED_MODEL
from components.trainer.curves import write_curves
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.metadata.history import Artifact, Execution
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.recorder import Recorder, explain
from pipeline.runs.screen import Screen

RECORD = RunRecord(run_id="20260101T000000-00001", status="running", log="/logs/a.log")


@pytest.fixture
def config(tmp_path):
    return apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path / 'out'}"])


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def recorder(config, screen):
    return Recorder(config, RECORD, Screen(screen))


@pytest.fixture
def made(tmp_path):
    """Returns a function that makes what a step left in ML Metadata: an artifact of each key, with a folder."""

    def make(*keys, cached=False, **properties):
        outputs = {}
        for key in keys:
            (tmp_path / key).mkdir()
            outputs[key] = (Artifact(len(outputs), str(tmp_path / key), 0, properties),)
        state = "CACHED" if cached else "COMPLETE"
        return Execution(1, "photos", "Step", RECORD.run_id, state, {}, {}, outputs)

    return make


def kept(config):
    return RunStore(config.home).find(RECORD.run_id)


def test_a_run_is_on_disk_from_its_beginning_with_the_state_of_what_it_depends_on(recorder, config):
    assert kept(config) == RECORD
    recorder.resolved(config.model_copy(update={"name": "located"}), "0123")
    assert (kept(config).config["name"], kept(config).state, kept(config).status) == ("located", "0123", "running")


def test_a_step_that_fails_is_kept_and_shown_and_its_error_passes(recorder, config, screen):
    with recorder.running("StatisticsGen"):
        pass
    with pytest.raises(ValueError, match="odd"), recorder.running("Trainer"):
        raise ValueError("odd")
    (step,) = kept(config).steps
    assert (step.name, step.cached) == ("Trainer", False)
    assert step.started + step.seconds <= kept(config).seconds
    assert [line.split()[:2] for line in screen.getvalue().splitlines()] == [["✗", "Trainer"]]


def test_the_records_that_were_found_are_counted(recorder, config, screen, made):
    facts = made("examples", "ingest_report")
    counts = {"train": {"cat": 1200, "dog": 34}, "eval": {"cat": 5}, "test": {"dog": 6}}
    write_report(IngestReport(found=1252, counts=counts, quarantined=7), facts.outputs["ingest_report"][0].uri)
    recorder.finished("ImageExampleGen", 2.0, facts)
    assert kept(config).counts.model_dump() == {"train": 1234, "eval": 5, "test": 6, "quarantined": 7, "unused": 0}
    assert (
        screen.getvalue()
        .rstrip()
        .endswith(
            "1,234 train, 5 eval, 6 test, 7 quarantined; 2 classes miss a split: 'cat' (train 1,200, eval 5, test 0), "
            "'dog' (train 34, eval 0, test 6)"
        )
    )
    (step,) = kept(config).steps
    assert (step.name, step.seconds, step.cached) == ("ImageExampleGen", 2.0, False)
    assert step.artifacts == tuple(artifact.uri for group in facts.outputs.values() for artifact in group)


def test_rows_that_a_split_leaves_out_are_told_where_there_are_any(recorder, screen, made):
    facts = made("ingest_report")
    write_report(IngestReport(found=3, counts={}, quarantined=0, unused=3), facts.outputs["ingest_report"][0].uri)
    recorder.finished("CsvExampleGen", 2.0, facts)
    assert screen.getvalue().rstrip().endswith("0 train, 0 eval, 0 test, 0 quarantined, 3 unused")


def test_what_is_not_learned_from_and_of_what_sample_trees_are_is_kept_and_shown_once(tmp_path, screen, made):
    config = apply_overrides(catalog.load("higgs_toy"), [f"output_dir={tmp_path / 'out'}"])
    recorder = Recorder(config, RECORD, Screen(screen))
    facts = made("ingest_report")
    folder = facts.outputs["ingest_report"][0].uri
    write_report(IngestReport(found=3, counts={}, quarantined=0), folder)
    names = (*config.transform.features, "row_id", "label")
    write_columns([ColumnCounts(name=name, type="float", rows=3, distinct=2) for name in names], folder)
    recorder.finished("CsvExampleGen", 2.0, facts)
    facts = made("model", "model_run")
    write_curves(curves(model="trees", fitted_rows=1_000, training_rows=2_000), facts.outputs["model_run"][0].uri)
    recorder.finished("Trainer", 1.0, facts)
    recorder.ended()
    not_learned, sampled = kept(config).notes
    assert not_learned == "Not learned from: row_id (named like a key)."
    assert sampled.startswith("'trees' was trained on 1,000 of 2,000 training rows")
    assert all(screen.getvalue().count(note) == 1 for note in (not_learned, sampled))


def test_a_cut_of_the_model_s_own_is_told(recorder, config, made):
    facts = made("model")
    folder = os.path.join(facts.outputs["model"][0].uri, "Format-Serving")
    write_answering(Answering(cut=0.0197, operating_point=AtRecall(recall=0.8)), folder)
    recorder.finished("Trainer", 1.0, facts)
    (note,) = kept(config).notes
    assert note.startswith("This model answers the second class above 0.0197, for a recall of 0.8 or more")


@pytest.mark.parametrize(("blessed", "shown"), [(True, "blessed"), (False, "not blessed")])
def test_the_decision_is_kept_with_each_threshold(recorder, config, screen, made, blessed, shown):
    check = ThresholdCheck(
        metric="auc", slice="all examples", kind="at_least", value=0.7, bound=0.5, baseline=None, passed=blessed
    )
    facts = made("evaluation")
    decision = Decision(blessed=blessed, metrics={"auc": 0.7}, checks=(check,))
    Path(facts.outputs["evaluation"][0].uri, DECISION_FILE).write_text(decision.model_dump_json())
    recorder.finished("Evaluator", 1.0, facts)
    assert kept(config).metrics == {"auc": 0.7}
    assert [result.model_dump() for result in kept(config).thresholds] == [check.model_dump()]
    assert screen.getvalue().split(maxsplit=4)[-1].strip() == shown


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"trained_by": "Tuner"}, "trained by the Tuner"),
        ({}, ""),
        ({"best_epoch": 3}, "best epoch 3 of 4"),
        ({"best_epoch": 3, "trained_by": "Tuner", "unit": "iteration"}, "best iteration 3 of 4; trained by the Tuner"),
    ],
)
def test_which_epoch_the_trainer_kept_and_that_the_tuner_trained_it_is_told(recorder, screen, made, changes, shown):
    facts = made("model", "model_run")
    write_curves(curves(**changes), facts.outputs["model_run"][0].uri)
    recorder.finished("Trainer", 1.0, facts)
    assert screen.getvalue().split("1.0 s")[1].strip() == shown


def test_an_inferred_schema_is_kept_for_the_user_and_a_curated_one_is_not(tmp_path, made):
    facts = made("validated_schema")
    Path(facts.outputs["validated_schema"][0].uri, "schema.pbtxt").write_text("feature {}")
    copies = {}
    for name in ("photos", "flowers"):
        config = apply_overrides(catalog.load(name), [f"output_dir={tmp_path / 'out'}"])
        Recorder(config, RECORD, Screen(io.StringIO())).finished("DataGate", 1.0, facts)
        copies[name] = Path(config.home, "schema.inferred.pbtxt")
    assert copies["photos"].read_text() == "feature {}"
    assert not copies["flowers"].exists()


def test_a_push_makes_the_run_a_pushed_one(recorder, config, screen, made):
    recorder.finished("Pusher", 1.0, made("pushed_model", cached=True, pushed_destination="/pushed/7"))
    assert recorder.ended() == kept(config)
    assert (kept(config).status, kept(config).model_uri, kept(config).steps[0].cached) == ("pushed", "/pushed/7", True)
    assert "Model:  /pushed/7\n" in screen.getvalue()


def test_a_run_that_pushed_nothing_was_not_blessed(recorder, config, made):
    recorder.finished("Pusher", 1.0, made())
    assert recorder.ended().status == kept(config).status == "not_blessed"


def test_a_failure_ends_with_cause_place_and_cure(recorder, config, screen):
    recorder.failed(TransferlineError("The data is bad.", place="row 7", cure="Mend it."))
    assert kept(config).status == "failed"
    assert kept(config).error.model_dump() == {"cause": "The data is bad.", "place": "row 7", "cure": "Mend it."}
    assert "place: row 7" in screen.getvalue()


def test_an_error_for_people_is_found_behind_those_that_it_led_to():
    known = TransferlineError("The data is bad.", place="row 7")
    try:
        try:
            raise known
        except TransferlineError as error:
            raise ValueError("in TFX") from error
    except ValueError as first:
        outer = RuntimeError("in Beam")
        outer.__context__ = first
    assert (explain(outer, RECORD).cause, explain(outer, RECORD).place) == ("The data is bad.", "row 7")


def test_any_other_error_is_told_by_its_last_line_with_the_step_and_the_log():
    error = explain(OSError("a long story\n\nno space left\n"), RECORD)
    assert (error.cause, error.place) == ("OSError: no space left.", "before the first step")
    assert RECORD.log in error.cure
    assert explain(ValueError(), RECORD).cause == "ValueError."


def test_an_interrupted_run_names_its_step(recorder, config):
    with pytest.raises(KeyboardInterrupt), recorder.running("Transform"):
        raise KeyboardInterrupt
    recorder.failed(KeyboardInterrupt())
    assert (kept(config).error.cause, kept(config).error.place) == ("The run was interrupted.", "Transform")


def test_the_record_names_the_step_at_work_until_that_is_done(recorder, config, made):
    with recorder.running("Trainer"):
        assert kept(config).at_work == "Trainer"
    assert kept(config).at_work == "Trainer"  # what it left isn't in the record yet
    recorder.finished("Trainer", 1.0, made())
    assert kept(config).at_work == ""
    with pytest.raises(ValueError, match="bad"), recorder.running("Evaluator"):
        raise ValueError("bad")
    assert (kept(config).at_work, kept(config).steps[-1].name) == ("", "Evaluator")
    with recorder.running("Pusher"):
        pass
    recorder.ended()
    assert (kept(config).at_work, kept(config).status) == ("", "not_blessed")


def test_a_push_that_fails_after_its_rename_does_not_deny_the_model_that_is_served(recorder, config, screen, made):
    trained = made("model")
    model = write_model_files(Path(trained.outputs["model"][0].uri, SERVED_MODEL))
    recorder.finished("Trainer", 1.0, trained)
    version = publish(str(model), config.pushed_dir, "7")
    with pytest.raises(OSError, match="full"), recorder.running("Pusher"):
        raise OSError("full")
    recorder.failed(OSError("full"))
    record = kept(config)
    assert (record.status, record.model_uri) == ("failed", os.path.join(config.pushed_dir, version))
    assert record.error.cause == f"OSError: full. Its model had been pushed by then: {record.model_uri}."
    assert f"Model:  {record.model_uri}" in screen.getvalue()


def test_the_outcome_stands_where_the_report_cannot_be_drawn(recorder, config, screen, made, caplog):
    importlib.import_module("tfx")  # as it is by then where a run is computed
    Path(config.metadata_path).write_text("no database")
    recorder.finished("Pusher", 1.0, made("pushed_model", pushed_destination="/pushed/7"))
    record = recorder.ended()
    assert "the report couldn't be drawn" in caplog.text
    assert record == kept(config)
    assert (record.status, record.report) == ("pushed", "")
    (note,) = record.notes
    assert note.startswith("The report couldn't be drawn. ML Metadata can't be opened: ")
    assert note.endswith("The next run draws it, or `transferline report photos`.")
    assert note in screen.getvalue()


def test_an_outcome_that_cannot_be_kept_is_shown_all_the_same(recorder, config, screen, caplog):
    runs = Path(config.home, "runs")
    (runs / f"{RECORD.run_id}.json").unlink()
    runs.rmdir()
    runs.write_text("no folder")
    record = recorder.failed(TransferlineError("The data is bad."))
    assert "the record couldn't be kept" in caplog.text
    assert record.error.cause in screen.getvalue()


def test_a_baseline_is_compared_with_what_was_pushed_of_it(config, recorder, made, tmp_path):
    execution = made("model")
    recorder.check_baseline(execution)  # of no run that is kept
    serving = tmp_path / "model" / "Format-Serving"
    serving.mkdir()
    (serving / "saved_model.pb").write_text("graph")
    steps = (Step(name="Trainer", seconds=1, cached=False, artifacts=(str(tmp_path / "model"),)),)
    files = make_seal(str(serving)).files
    maker = RunRecord(run_id="20250101T000000-00001", status="pushed", steps=steps, model_files=files)
    RunStore(config.home).save(maker)
    recorder.check_baseline(execution)
    recorder.check_baseline(made())
    (serving / "saved_model.pb").write_text("GRAPH")
    with pytest.raises(TransferlineError, match=r"saved_model\.pb is another"):
        recorder.check_baseline(execution)


def test_the_record_of_a_push_has_its_seal(config, recorder, made, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_text("graph")
    pushed = f"{tmp_path}/pushed/{publish(str(tmp_path / 'model'), f'{tmp_path}/pushed', '7')}"
    recorder.finished("Pusher", 1, made("pushed_model", pushed_destination=pushed))
    assert kept(config).model_uri == pushed
    assert kept(config).model_files == make_seal(pushed).files != {}
