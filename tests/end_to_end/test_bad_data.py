"""Data that mustn't be trained on: the run stops before Transform, and says why."""

import re
from pathlib import Path

import pytest
from browser import charts, needs_chromium, opened
from conftest import write_photos

TWO = {"cat": (200, 30, 30), "dog": (30, 30, 200)}


def last_lines(done, count=3):
    return done.stdout.splitlines()[-count:]


@pytest.fixture(scope="module")
def leaking(home, tmp_path_factory):
    """The same photos in each split, and a class that only one of them has."""
    folder = tmp_path_factory.mktemp("leaking")
    for split in ("train", "validation", "test"):
        write_photos(folder / split, 4, TWO)
    write_photos(folder / "test", 1, {"fox": (30, 200, 30)})
    done = home.forked("run", "photos", "--data-dir", folder)
    return done, home.runs("photos")[0]


def test_leaks_and_classes_unknown_to_training_stop_the_run_before_transform(leaking):
    done, record = leaking
    assert done.returncode == 1
    assert record["status"] == "failed"
    assert record["steps"][-1]["name"] == "DataGate"
    cause = record["error"]["cause"]
    assert "identical in train and test" in cause
    assert "the class 'fox' occurs in test but not in train" in cause
    assert "feature 'label' in test: expected text or bytes, one of 'cat', 'dog'" in cause
    assert sum(record["counts"].values()) == 3 * 8 + 1
    assert last_lines(done, 1)[0].startswith("cure:  Fix the data")


@needs_chromium
def test_the_report_of_a_failed_run_says_why_and_shows_what_there_is(leaking):
    _, record = leaking
    with opened(record["report"]) as page:
        assert page.inner_text("h1").endswith("Failed, not pushed")
        assert "identical in train and test" in page.inner_text("#verdict")
        drawn = charts(page)
        assert set(drawn) == {"class-balance", "waterfall"}
        assert all(drawn.values()), drawn
        assert "train/cat" in page.inner_text("#data")
        assert page.evaluate("document.querySelectorAll('#data img').length") > 0
        assert page.inner_text("#not-reached") == "The run ended before training and evaluation."
        assert page.query_selector("#decision, #slices, #mistakes, #training") is None


def test_photos_that_all_are_broken_are_counted_and_shown(home, tmp_path):
    (tmp_path / "cat").mkdir()
    for number in range(3):
        (tmp_path / "cat" / f"{number}.jpg").write_text("text")
    done = home.forked("run", "photos", "--data-dir", tmp_path)
    record = home.runs("photos")[0]
    assert done.returncode == 1
    assert record["counts"] == {"train": 0, "eval": 0, "test": 0, "quarantined": 3, "unused": 0}
    assert "3 of 3 records (100.0%) are quarantined" in record["error"]["cause"]
    page = Path(record["report"]).read_text(encoding="utf-8")
    cause = page[page.index('<section id="cause">') : page.index('<section id="data">')]
    assert re.search(r">3</td><td>not a photo but text", cause)


def test_no_data_at_all_is_said_without_a_traceback(home, tmp_path):
    done = home.forked("run", "photos", "--data-dir", tmp_path / "absent")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert str(tmp_path / "absent") in done.stdout
    assert home.runs("photos")[0]["status"] == "failed"


def test_faulty_settings_are_all_named_before_anything_runs(home):
    done = home.here("run", "digit")
    assert (done.returncode, "did you mean 'digits'" in done.stderr) == (1, True)
    done = home.here("run", "digits", "--set", "trainer.fine_tuning.epoch=3", "--set", "trainer.dropout=2")
    assert done.returncode == 1
    assert "did you mean 'trainer.fine_tuning.epochs'" in done.stderr
    assert "trainer.dropout" in done.stderr
    assert "Traceback" not in done.stderr
