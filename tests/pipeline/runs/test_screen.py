import io
import sys

from components import progress
from components.outcome import Failure, Step, ThresholdCheck
from pipeline.runs.record import RunRecord
from pipeline.runs.screen import Screen


class Terminal(io.StringIO):
    def isatty(self):
        return True


def threshold(passed, **changes):
    values = {"metric": "accuracy", "slice": "label=<b>[red]", "kind": "at_least", "value": 0.51234, "bound": 0.9}
    return ThresholdCheck(**(values | {"baseline": None, "passed": passed} | changes))


def shown(record):
    stream = io.StringIO()
    Screen(stream).finish(record)
    return stream.getvalue()


def test_a_step_is_one_line_with_its_time():
    stream = io.StringIO()
    screen = Screen(stream)
    screen.step(Step(name="Trainer", seconds=75.2, cached=False))
    screen.step(Step(name="ImageExampleGen", seconds=0.1, cached=True), "8 train, 1 eval")
    assert [line.split() for line in stream.getvalue().splitlines()] == [
        ["✓", "Trainer", "1", "min", "15", "s"],
        ["=", "ImageExampleGen", "cached", "8", "train,", "1", "eval"],
    ]


def test_a_model_that_is_not_blessed_names_the_threshold_that_failed():
    record = RunRecord(
        run_id="a", status="not_blessed", seconds=3, thresholds=(threshold(False), threshold(True, metric="auc"))
    )
    text = shown(record)
    assert "Not blessed, nothing was pushed. Failed: accuracy in label=<b>[red]\n" in text
    (row,) = (line for line in text.splitlines() if "FAIL" in line)
    assert row.split() == ["accuracy", "label=<b>[red]", "0.5123", "≥", "0.9", "FAIL"]


def test_a_bound_on_the_change_passes_by_comparison_alone():
    results = (
        threshold(True, metric="a", kind="max_drop"),
        threshold(True, metric="b", kind="max_drop", baseline=0.5),
        threshold(True, metric="c", kind="max_rise"),
        threshold(False, metric="d", kind="max_rise", baseline=0.1),
        threshold(True, metric="e"),
    )
    lines = shown(RunRecord(run_id="a", status="not_blessed", thresholds=results)).splitlines()[1:6]
    assert [line.rstrip().rpartition("  ")[2].strip() for line in lines] == [
        "not compared",
        "pass",
        "not compared",
        "FAIL",
        "pass",
    ]


def test_a_failure_ends_with_cause_place_and_cure():
    error = Failure(cause="a [photo] is odd", place="cat/a.jpg", cure="mend it")
    lines = shown(RunRecord(run_id="a", status="failed", error=error, log="/logs/a.log")).splitlines()
    assert lines[-3:] == ["cause: a [photo] is odd", "place: cat/a.jpg", "cure:  mend it"]
    assert "/logs/a.log" in lines[0]


def test_nothing_to_do_is_said():
    step = Step(name="Trainer", seconds=0.1, cached=True)
    assert "nothing to do" in shown(RunRecord(run_id="a", status="pushed", steps=(step,), model_uri="/m/1"))


def test_colours_only_on_a_terminal():
    assert "\x1b" not in shown(RunRecord(run_id="a", status="pushed", model_uri="/m/1"))


def test_progress_becomes_a_bar_on_a_terminal_and_nothing_in_a_pipe(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for stream, expected in ((Terminal(), True), (io.StringIO(), False)):
        with Screen(stream).working("Trainer"):
            progress.report(3, 3, "epochs", "val_accuracy 0.981")
        assert ("3/3 epochs val_accuracy 0.981" in stream.getvalue()) == expected


def test_what_libraries_print_while_a_step_is_at_work_stays_off_the_terminal(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with Screen(stream).working("Trainer"):
        sys.stdout.write("a warning")
        sys.stderr.write("a protobuf")
    assert "Trainer" in stream.getvalue()
    assert "a warning" not in stream.getvalue()
    assert "a protobuf" not in stream.getvalue()
    assert capsys.readouterr() == ("a warning", "a protobuf")
