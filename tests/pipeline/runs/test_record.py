import json
import math
import os
import re
import subprocess
import sys
from datetime import datetime, timezone

from model_files import write_model_files

from components.outcome import Failure, Step, ThresholdCheck
from components.pusher.publish import publish
from components.pusher.seal import make_seal
from components.pusher.versions import SERVED_MODEL
from pipeline.runs.lock import LOCK_FILE, Holder, held
from pipeline.runs.record import RunRecord, RunStore, public

RECORD = RunRecord(run_id="20260101T000000-00001", status="running")
OF_AN_EARLIER_RELEASE = """{
  "run_id": "20260101T000000-00001",
  "status": "failed",
  "seconds": 61.5,
  "steps": [{"name": "Evaluator", "seconds": 12.5, "cached": false}],
  "counts": {"train": 8, "eval": 1, "test": 1, "quarantined": 0, "unused": 0},
  "metrics": {"accuracy": 0.75},
  "thresholds": [
    {
      "metric": "accuracy",
      "slice": "all examples",
      "kind": "max_drop",
      "value": 0.75,
      "bound": 0.01,
      "baseline": null,
      "passed": true
    }
  ],
  "model_uri": "",
  "error": {"cause": "disk full", "place": "Pusher", "cure": "make room"},
  "log": "/logs/a.log",
  "process": 1
}"""


def test_runs_come_newest_first(tmp_path):
    store = RunStore(str(tmp_path))
    for run_id in ("20260101T000000-00001", "20260102T000000-00001"):
        store.save(RunRecord(run_id=run_id, status="pushed"))
    assert [record.run_id[:8] for record in store.runs()] == ["20260102", "20260101"]


def test_a_bound_that_is_infinite_is_read_again(tmp_path):
    store = RunStore(str(tmp_path))
    check = ThresholdCheck(
        metric="auc", slice="all examples", kind="at_most", value=0.5, bound=math.inf, baseline=None, passed=True
    )
    store.save(RunRecord(run_id="a", status="pushed", thresholds=(check,)))
    (record,) = store.runs()
    assert (record.status, record.thresholds) == ("pushed", (check,))


def test_saving_again_replaces_and_leaves_nothing_beside(tmp_path):
    store = RunStore(str(tmp_path))
    store.save(RunRecord(run_id="a", status="running", process=os.getpid()))
    store.save(RunRecord(run_id="a", status="pushed"))
    assert [record.status for record in store.runs()] == ["pushed"]
    assert [file.name for file in (tmp_path / "runs").iterdir()] == ["a.json"]


def test_a_run_that_is_gone_has_failed_whatever_has_its_number_now(tmp_path):
    store = RunStore(str(tmp_path))
    step = Step(name="Trainer", seconds=1, cached=False)
    store.save(RunRecord(run_id="a", status="running", process=os.getpid(), steps=(step,)))
    (record,) = store.runs()
    assert record.status == "failed"
    assert record.error is not None
    assert (record.error.cause, record.error.place) == ("The run was interrupted.", "Trainer")


def test_a_run_that_is_gone_was_in_the_step_at_work(tmp_path):
    store = RunStore(str(tmp_path))
    step = Step(name="Transform", seconds=1, cached=False)
    store.save(RunRecord(run_id="a", status="running", at_work="Trainer", steps=(step,)))
    (record,) = store.runs()
    assert (record.error.place, record.at_work, record.steps) == ("Trainer", "", (step,))


def test_why_a_run_is_gone_is_told_by_whom_the_lock_was_left(tmp_path):
    store = RunStore(str(tmp_path))
    store.save(RunRecord(run_id="a", status="running"))
    with held(str(tmp_path), "run") as lock:
        lock.of_run("a")
        left = (tmp_path / LOCK_FILE).read_text()
    assert store.last().error.cause == "The run was interrupted."
    (tmp_path / LOCK_FILE).write_text(left)
    assert "killed (SIGKILL) as a whole" in store.last().error.cause
    holder = Holder.model_validate_json(left)
    (tmp_path / LOCK_FILE).write_text(holder.model_copy(update={"boot": "another"}).model_dump_json())
    os.utime(tmp_path / LOCK_FILE, (0, 0))
    assert "its machine went down" in store.last().error.cause
    (tmp_path / LOCK_FILE).write_text(holder.model_copy(update={"run_id": "b"}).model_dump_json())
    assert store.last().error.cause == "The run was interrupted."


def test_a_run_killed_between_the_push_and_its_record_does_not_deny_the_model_that_is_served(tmp_path):
    store = RunStore(str(tmp_path))
    model = write_model_files(tmp_path / "model" / SERVED_MODEL)
    steps = (Step(name="Trainer", seconds=1, cached=False, artifacts=(str(tmp_path / "run"), str(tmp_path / "model"))),)
    store.save(RunRecord(run_id="a", status="running", at_work="Pusher", steps=steps))
    publish(str(model), str(tmp_path / "pushed"), "6")
    write_model_files(tmp_path / "pushed" / "7", b"another's")
    assert store.last().model_uri == ""
    publish(str(model), str(tmp_path / "pushed"), "8")
    record = store.last()
    assert (record.status, record.model_uri) == ("failed", str(tmp_path / "pushed" / "8"))
    assert record.model_files == make_seal(record.model_uri).files
    assert record.error.place == "Pusher"
    assert record.error.cause.endswith(f"Its model had been pushed by then: {record.model_uri}.")
    store.save(RunRecord(run_id="b", status="running", at_work="Evaluator", steps=steps))
    assert store.last().model_uri == ""


def test_a_run_that_holds_the_lock_is_running_and_no_other(tmp_path):
    store = RunStore(str(tmp_path))
    for run_id in ("a", "b"):
        store.save(RunRecord(run_id=run_id, status="running"))
    with held(str(tmp_path), "run") as lock:
        lock.of_run("b")
        assert [(record.run_id, record.status) for record in store.runs()] == [("b", "running"), ("a", "failed")]
        assert store.last().status == "running"
    assert store.last().status == "failed"


def test_a_new_id_sorts_by_time_and_behind_all_that_are_there(tmp_path):
    store = RunStore(str(tmp_path))
    first = store.new_id()
    assert re.fullmatch(r"\d{8}T\d{6}-\d{5}", first)
    began = datetime.strptime(first[:15], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
    assert abs((datetime.now(timezone.utc) - began).total_seconds()) < 60
    store.save(RunRecord(run_id=first, status="pushed"))
    second = store.new_id()
    assert first[:15] < second[:15]
    # The clock was set back since.
    store.save(RunRecord(run_id="29991231T235959-00007", status="pushed"))
    assert store.new_id()[:15] == "30000101T000000"
    store.save(RunRecord(run_id="by_hand", status="pushed"))
    assert store.new_id()[:15] == "30000101T000000"


def test_a_record_of_an_earlier_release_is_read(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "20260101T000000-00001.json").write_text(OF_AN_EARLIER_RELEASE)
    (record,) = RunStore(str(tmp_path)).runs()
    assert record.steps == (Step(name="Evaluator", seconds=12.5, cached=False, started=0.0, reason="", artifacts=()),)
    check = {"metric": "accuracy", "slice": "all examples", "kind": "max_drop", "value": 0.75, "bound": 0.01}
    assert record.thresholds == (ThresholdCheck(**check, baseline=None, passed=True),)
    assert record.error == Failure(cause="disk full", place="Pusher", cure="make room")


def test_no_runs_yet(tmp_path):
    assert RunStore(str(tmp_path)).runs() == []


def test_the_public_form_has_the_documented_keys():
    (record,) = public([RunRecord(run_id="a", status="pushed")])
    documented = {"run_id", "status", "seconds", "steps", "counts", "metrics", "thresholds", "model_uri", "error"}
    assert documented <= set(record)
    assert set(record["counts"]) == {"train", "eval", "test", "quarantined", "unused"}
    json.dumps(record)


def test_records_that_this_user_may_not_read_are_told_as_such(tmp_path):
    store = RunStore(str(tmp_path))
    store.save(RECORD)
    file = tmp_path / "runs" / f"{RECORD.run_id}.json"
    assert file.stat().st_mode & 0o777 == 0o666 & ~umask()
    file.chmod(0)
    assert without_privileges(tmp_path) == "This user may not read the record of this run."
    (tmp_path / "runs").chmod(0)
    assert without_privileges(tmp_path) == "PermissionError"


def umask():
    now = os.umask(0)
    os.umask(now)
    return now


def without_privileges(home):
    """What reading says to who isn't root: in a user namespace of its own nobody is, over files from outside."""
    program = f"""
from pipeline.runs.record import RunStore
try:
    print(RunStore({str(home)!r}).runs()[0].error.cause)
except PermissionError as error:
    print(type(error).__name__)
"""
    command = ["unshare", "--user", sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
