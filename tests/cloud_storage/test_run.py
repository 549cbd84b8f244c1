"""`transferline run` on photos that lie on gs://, on a day when Google Cloud Storage isn't well."""

from dataclasses import dataclass

import pytest
from cloud_storage import emulator

from components.ingest.report import read_report

SMALL = (
    "--set=transform.image_size=32",
    "--set=trainer.weights=None",
    "--set=trainer.feature_extraction.epochs=1",
    "--set=trainer.fine_tuning.epochs=1",
    '--set=evaluation.thresholds=[{"metric": "accuracy", "at_least": 0}]',
)
PHOTOS = 300
SECTION = "run digits --data-dir gs://bucket/scans"


@dataclass(frozen=True)
class Done:
    """A run in which a photo vanished after it was listed, and some requests failed.

    Attributes:
        record: Of the run.
        gone: The photo.
        met: How many requests a fault befell.
        counts: How many there were, by kind.
    """

    record: dict
    gone: str
    met: int
    counts: dict


@pytest.fixture(scope="module")
def run(home, scans, bucket):
    gone = next(iter(bucket.list_blobs(prefix="scans/3/"))).name
    faults = [
        {"action": "vanish", "kind": "read", "path": f"bucket/{gone}"},
        {"action": "429", "kind": "list", "skip": 1, "times": 2},
        *(
            {"action": action, "kind": "read", "path": f"bucket/scans/{label}/.*", "skip": 5, "times": 2}
            for label, action in enumerate(("429", "503", "cut", "lost"), start=4)
        ),
    ]
    emulator.section(SECTION)
    with emulator.faults(*faults):
        done = home.transferline("run", "digits", "--data-dir", scans, *SMALL)
        met = emulator.met()
    assert done.returncode == 0, done.stdout + done.stderr
    return Done(home.runs("digits")[0], gone, met, emulator.counts()[SECTION])


def test_what_fails_in_passing_is_tried_again_and_nothing_is_lost(run):
    assert run.met == 1 + 2 + 4 * 2
    assert run.record["status"] == "pushed"
    assert sum(run.record["counts"][split] for split in ("train", "eval", "test")) == PHOTOS - 1


def test_a_photo_that_vanishes_is_set_aside(run):
    (step,) = (step for step in run.record["steps"] if step["name"] == "ImageExampleGen")
    (report,) = (uri for uri in step["artifacts"] if "/ingest_report/" in uri)
    (set_aside,) = read_report(report).first_quarantined
    assert (f"scans/{set_aside.place}", set_aside.reason) == (run.gone, "the file is missing")


def test_a_run_asks_for_a_photo_once(run):
    assert run.counts["read"] + run.counts["list"] + run.counts.get("stat", 0) - run.met <= 1.2 * PHOTOS


def test_a_bucket_that_refuses_is_told_with_cause_place_and_cure(home):
    photos = f"{emulator.bucket('secret')}/photos"
    with emulator.faults({"action": "403", "path": "secret/.*", "times": -1}):
        done = home.transferline("run", "digits", "--data-dir", photos, *SMALL)
    assert done.returncode == 1
    assert "cause: The account may not read this in Google Cloud Storage: Forbidden." in done.stdout
    assert f"place: {photos}" in done.stdout
    assert "cure:  Give the account the role Storage Object Viewer on the bucket" in done.stdout
