import hashlib
import io
import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components import progress
from components.evaluator.config import Evaluation, Threshold
from components.outcome import Failure, Step
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.channel import Sender, Task, encoded
from pipeline.runs.parent import Follower
from pipeline.runs.record import RunRecord
from pipeline.runs.screen import Screen

STEP = Step(name="Trainer", seconds=75.2, cached=False, started=3.25, artifacts=("/a/é",))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def sent(config):
    task = Task.of(config, "20260101T000000-00001", "/log")
    return Task.model_validate_json(encoded(task))


@pytest.mark.parametrize("name", catalog.names())
def test_every_pipeline_comes_through_as_it_was(name):
    config = apply_overrides(catalog.load(name), ["output_dir=/tmp/é", "data.path=/a\n\"b'"])
    received = sent(config).config
    assert type(received) is type(config)
    assert received == config
    assert received.model_dump_json() == config.model_dump_json()


def test_numbers_that_json_has_not_come_through():
    config = catalog.load("higgs_toy")
    odd = Evaluation(
        thresholds=(Threshold(metric="auc", at_most=math.inf), Threshold(metric="accuracy", at_least=0.1 + 0.2))
    )
    config = config.model_copy(update={"evaluation": odd})
    assert sent(config).config == config


def test_the_catalog_file_comes_along_and_is_in_the_record():
    config = catalog.load("digits")
    task = sent(config)
    assert task.config.file == config.file == task.record.file
    assert task.record.file_sha256 == hashlib.sha256(Path(config.file).read_bytes()).hexdigest()


def test_relative_paths_are_the_parents(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    task = sent(catalog.load("photos"))
    assert (task.folder, task.process) == (str(tmp_path), os.getpid())
    assert task.record.process == os.getpid()


def a_run(display):
    """Shows all that can be shown."""
    with display.working("Trainer"):
        progress.report(1, None, "rows")
        progress.report(3, 3, "epochs", "val_accuracy 0.981")
    display.step(STEP, "8 [train]")
    display.step_failed(STEP)
    error = Failure(cause="two\nlines", place="cat/é.jpg", cure="mend it")
    display.finish(RunRecord(run_id="a", status="failed", metrics={"auc": math.inf}, steps=(STEP,), error=error))


def test_what_is_told_is_shown_as_if_it_had_been_shown_at_once(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    at_once, told = Terminal(), Terminal()
    a_run(Screen(at_once))
    ours, its = os.pipe()
    a_run(Sender(its))
    os.close(its)
    follower = Follower(Screen(told))
    with open(ours, "rb") as channel:
        for line in channel:
            follower.take(line)
    assert "3/3 epochs val_accuracy 0.981" in told.getvalue()
    assert last_frames(told) == last_frames(at_once)
    assert follower.record.metrics == {"auc": math.inf}
    assert follower.at_work == ""


def last_frames(stream):
    """What is on the terminal but for how long a bar took, which is gone in the end."""
    return stream.getvalue().rpartition("\x1b[2K")[2]


def test_the_step_at_work_is_known_until_it_rests():
    ours, its = os.pipe()
    follower = Follower(Screen(io.StringIO()))
    with open(ours, "rb") as channel:
        with Sender(its).working("Trainer"):
            follower.take(channel.readline())
            assert follower.at_work == "Trainer"
        follower.take(channel.readline())
        assert follower.at_work == ""
    os.close(its)


def test_a_message_longer_than_a_pipe_is_told_whole():
    record = RunRecord(run_id="a", status="pushed", config={"long": "x" * 1_000_000})
    ours, its = os.pipe()
    follower = Follower(Screen(io.StringIO()))
    with ThreadPoolExecutor(1) as thread, open(ours, "rb") as channel:
        telling = thread.submit(Sender(its).finish, record)
        follower.take(channel.readline())
        telling.result()
    os.close(its)
    assert follower.record == record
