"""Every Beam step on several workers, one of which is killed at work, and on Prism: as on the local engine."""

import signal
import time
from contextlib import contextmanager

import pytest
from engines import check_close, compute

from components.engine_errors import engine_error
from pipeline.config.overrides import apply_overrides

AT_WORK = {
    "CsvExampleGen": "ReadRanges",
    "ImageExampleGen": "WritePhotos",
    "StatisticsGen": "OfFile",
    "Transform": "ReadBatches",
    "Evaluator": "Answer",
}
"""The transform of each step that has most to do."""

STEPS = {
    "rows": ("CsvExampleGen", "StatisticsGen", "Transform", "Evaluator"),
    "photos": ("ImageExampleGen", "StatisticsGen", "Transform", "Evaluator"),
}
WITHOUT_BEAM = ("photos", "Transform")
"""Nothing of what is done to a photo depends on other photos: TFX writes the graph where the run is."""

NO, GIVEN_UP, BEGUN_ANEW = "no", "given up, run again", "begun anew by the engine"
ENGINES = (
    ("2 workers", NO),
    ("2 workers", GIVEN_UP),
    ("2 workers", BEGUN_ANEW),
    ("3 workers", NO),
    ("Beam's commands", NO),
    ("prism", NO),
)
CASES = [
    (engine, killed, data, step)
    for engine, killed in ENGINES
    for data in STEPS
    for step in STEPS[data]
    if killed == NO or (data, step) != WITHOUT_BEAM
]
LEFT_BY_WORKERS = ("beam-temp-", ".temp_path", "results.jsonl")
"""How the names of what a step writes on its way begin."""

BOUND = 300
"""Seconds in which a step must have ended, killed or not; it takes some 10."""


@contextmanager
def within(seconds):
    """Ends what takes longer, as a job does that waits for a dead worker."""

    def end(_number, _frame):
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def line(request, table):
    """The line of the table, of which a test says what it saw; it is there whatever becomes of the test."""
    given = request.node.callspec.params
    found = {"workers": 0, "records": "", "equal": "no"}
    began = time.monotonic()
    yield found
    seconds = round(time.monotonic() - began)
    table.append((given["data"], given["step"], given["engine"], *found.values(), given["killed"], seconds))


@pytest.mark.parametrize(("engine", "killed", "data", "step"), CASES, indirect=["engine"])
def test_a_step_makes_what_it_makes_on_the_local_engine(engine, killed, data, step, local, homes, tmp_path, line):
    here, home = local[data], homes / engine.folder.name / killed
    config = apply_overrides(here.config, [*engine.settings, f"output_dir={home}"])
    expected = here.made(step)
    engine.forget()
    started, restarted = engine.started(), len(engine.events("restarted"))
    if killed != NO:
        engine.ask("kill", AT_WORK[step])
    if killed == BEGUN_ANEW:
        engine.ask("restart", "once")
    with within(BOUND):
        if killed == GIVEN_UP:
            with pytest.raises(RuntimeError) as raised:
                compute(step, data, config, here.model, tmp_path / "killed")
            told = engine_error(raised.value, step)
            assert (told.cause.partition(":")[0], told.place) == ("The engine gave the job up", step)
            started = engine.started()
        made, line["records"] = compute(step, data, config, here.model, tmp_path / "evaluated")
    assert engine.unasked()
    assert len(engine.events("restarted")) - restarted == (killed == BEGUN_ANEW)
    line["workers"] = len(engine.worked(AT_WORK[step], started)) or engine.started() - started
    assert line["workers"] == (0 if (data, step) == WITHOUT_BEAM else engine.workers)
    check_close(made, expected)
    assert [path for path in home.rglob("*") if path.name.startswith(LEFT_BY_WORKERS)] == []
    line["equal"] = "yes"
