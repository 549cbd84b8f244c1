import io
import math
import re
import sys
import time

import pytest

from components import progress
from components.outcome import Failure, Scores, Step, ThresholdCheck, Yardstick
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
    exact = record.model_copy(update={"thresholds": (threshold(False, bound=0.9999999),)})
    assert "≥ 0.9999999 " in shown(exact)


def test_a_run_that_was_ended_before_its_report_names_the_command_that_draws_it():
    made = Step(name="Transform", seconds=1, cached=False, artifacts=("/out/digits/artifacts/Transform/graph/1",))
    step = Step(name="Trainer", seconds=1, cached=False)
    ended = RunRecord(run_id="a", status="failed", steps=(made, step), file="/pipelines/pets.py")
    assert "Report: `transferline report /pipelines/pets.py --run a` draws it\n" in shown(ended)
    assert "Report: " not in shown(ended.model_copy(update={"steps": (step,)}))


def test_names_from_data_never_command_the_terminal():
    hostile = "ca\x1b]0;PWNED\x07\x1b[8m\u202e\x9b31m:cat:[red]\\"
    visible = r"ca\x1b]0;PWNED\x07\x1b[8m\u202e\x9b31m:cat:[red]" + "\\"
    record = RunRecord(
        run_id="a",
        status="not_blessed",
        thresholds=(threshold(False, slice=f"label={hostile}", metric=hostile), threshold(True)),
        notes=(f"Set aside: {hostile}",),
        report=f"/{hostile}.html",
        error=Failure(cause=f"The value is {hostile}", place=hostile, cure=hostile),
    )
    for stream in Terminal(), io.StringIO():
        screen = Screen(stream)
        screen.start(hostile, hostile, hostile)
        screen.note(hostile)
        screen.step(Step(name="CsvExampleGen", seconds=1, cached=False), hostile)
        with screen.working("Trainer"):
            progress.report(1, 2, "epochs", hostile, line=hostile)
        screen.finish(record)
        text = re.sub(r"\x1b\[(\d{0,2}(;\d{1,2})*m|\?25[lh]|\d?[AK])", "", stream.getvalue())  # the screen's own
        assert set(text) & set("\x1b\x07\x9b\u202e🐱") == set()
        assert "\x1b[8m" not in stream.getvalue()
        assert "".join(text.split()).count("".join(visible.split())) >= 8


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


def test_that_a_model_is_no_better_than_guessing_is_said_before_all_else():
    guessing = threshold(
        False, slice="all examples", kind="better_than_guessing", value=0.721, bound=151 / 226, low=0.66, high=0.776
    )
    lines = shown(RunRecord(run_id="a", status="not_blessed", thresholds=(guessing, threshold(True)))).splitlines()
    assert lines[0].startswith("The model is not distinguishable from guessing: its accuracy is 0.7210")
    assert lines[2].split() == ["accuracy", "all", "examples", "0.7210", "guessing", "0.6681", "FAIL"]
    assert lines[4] == "Not blessed, nothing was pushed. Failed: better than guessing"


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


def test_the_bar_says_how_long_it_takes_still(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for columns in ("80", "160"):
        monkeypatch.setenv("COLUMNS", columns)
        stream = Terminal()
        with Screen(stream).working("Trainer"):
            for done in (1, 2):
                progress.report(done, 90_000, "epochs of phase 1", "val_accuracy 0.981", line=f"epoch {done}")
                time.sleep(0.01)
        shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", stream.getvalue())
        assert re.search(r"━ 2/90,000 epochs of phase 1 val_accuracy 0\.981 .*\d s left", shown)


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
@pytest.mark.parametrize("options", [{}, {"verbose": True}, {"verbose": True, "quiet": True}])
def test_a_line_an_epoch_for_who_asks_for_it(monkeypatch, kind, options):
    monkeypatch.setenv("TERM", "xterm")
    stream = kind()
    with Screen(stream, **options).working("Trainer"):
        progress.report(1, 9, "rows")
        for done in (1, 2, 3):
            progress.report(done, 3, "epochs", "val_accuracy 0.9", line=f"epoch {done}: loss 0.[5]")
    lines = [line for line in stream.getvalue().splitlines() if "loss" in line]
    assert [line[-19:] for line in lines] == [f"epoch {done}: loss 0.[5]" for done in (1, 2, 3)] * (len(options) == 1)


def test_settings_that_may_not_be_meant_are_told_at_the_beginning():
    stream = io.StringIO()
    Screen(stream).start("photos", "/home", "1e-3 isn't below 1e-4.")
    assert stream.getvalue().splitlines() == ["photos → /home", " ! 1e-3 isn't below 1e-4."]


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


def still_working(stream, seconds_between, **options):
    screen = Screen(stream, seconds_between=seconds_between, **options)
    screen.still_working()
    with screen.working("Trainer"):
        screen.still_working()
        progress.report(3, 25, "epochs", "val_accuracy 0.981")
        screen.still_working()
    screen.still_working()
    return stream.getvalue()


def test_where_there_is_no_bar_a_long_step_is_a_line_now_and_then():
    first, second = still_working(io.StringIO(), 0).splitlines()
    assert re.fullmatch(r" … Trainer +[\d.]+ s", first)
    assert re.fullmatch(r" … Trainer +[\d.]+ s  3/25 epochs val_accuracy 0\.981", second)


def test_a_step_that_is_not_long_has_no_such_line_and_neither_has_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert still_working(io.StringIO(), math.inf) == ""
    assert "…" not in still_working(Terminal(), 0)


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_a_quiet_screen_shows_only_the_end(monkeypatch, kind):
    monkeypatch.setenv("TERM", "xterm")
    stream = kind()
    screen, step = Screen(stream, quiet=True), Step(name="Trainer", seconds=75.2, cached=False)
    screen.start("photos", "/home")
    with screen.working("Trainer"):
        progress.report(3, 3, "epochs")
    screen.step(step)
    screen.step_failed(step)
    assert still_working(stream, 0, quiet=True) == ""
    screen.finish(
        RunRecord(
            run_id="a",
            status="pushed",
            seconds=3,
            model_uri="/m/1",
            report="/r.html",
            log="/a.log",
            thresholds=(threshold(True),),
        )
    )
    if kind is io.StringIO:
        assert stream.getvalue().splitlines() == [
            "Model:  /m/1",
            "Report: /r.html",
            "Log:    /a.log",
            "pushed in 3.0 s",
        ]


def test_a_quiet_screen_says_why_nothing_was_pushed():
    stream = io.StringIO()
    Screen(stream, quiet=True).finish(RunRecord(run_id="a", status="not_blessed", thresholds=(threshold(False),)))
    assert "Failed: accuracy in label=<b>[red]\n" in stream.getvalue()


def test_where_the_model_stands_beside_simple_ones():
    scores = {
        name: Scores(accuracy=value, auc=None, crossentropy=0.5) for name, value in (("trees", 0.8), ("guessing", 0.5))
    }
    yardstick = Yardstick(fitted_rows=9, training_rows=9, test_rows=5, seed=0, models=scores)
    record = RunRecord(run_id="a", status="pushed", metrics={"accuracy": 0.75, "auc": 0.9}, yardstick=yardstick)
    assert shown(record).splitlines()[:2] == [
        "On the same 5 test rows, fitted on 9 training rows:",
        "  accuracy: this model 0.7500, trees 0.8000, guessing 0.5000 (as in training)",
    ]
    stream = io.StringIO()
    Screen(stream, quiet=True).finish(record)
    assert "this model" not in stream.getvalue()
