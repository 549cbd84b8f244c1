"""Reports of real runs, opened in a real browser; `test_digits.py` and `test_bad_data.py` open those of their runs."""

import json
import re
import shlex
import shutil
import subprocess
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import charts, column, needs_chromium, opened
from conftest import ROOT
from figures import compare_with_tfma

from components.trainer.mlp.config import TUTORIAL

SHARED = ROOT.parent / "shared" / "data"
PHOTOS_A_CLASS = 90
ONE_EPOCH = ("--set", "trainer.feature_extraction.epochs=1", "--set", "trainer.fine_tuning.epochs=1")
needs_shared_data = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the data isn't at {SHARED}")
WIDTHS_OF_PHOTOS = """Promise.all([...document.querySelectorAll('#mistakes img')].map(async (image) => {
    image.loading = 'eager';
    await image.decode();
    return image.naturalWidth;
}))"""
GALLERIES = {"training-photos": 9, "test-photos": 9, "augmented": 10}
pytestmark = [needs_chromium, needs_shared_data]


def evaluation_of(home, name):
    folder = home.path / "transferline" / name / "artifacts" / "Evaluator" / "evaluation"
    return max(folder.iterdir(), key=lambda each: int(each.name))


@pytest.fixture(scope="module")
def blocked(home, tmp_path_factory):
    """`cats_vs_dogs`, trained for moments and asked for too much."""
    folder = tmp_path_factory.mktemp("photos")
    for label in ("cat", "dog"):
        (folder / label).mkdir()
        for photo in sorted((SHARED / "cats_dogs" / label).iterdir())[:PHOTOS_A_CLASS]:
            shutil.copy(photo, folder / label)
    thresholds = json.dumps([{"metric": "accuracy", "at_least": 1.0}, {"metric": "auc", "at_least": 0.1}])
    done = home.forked(
        "run", "cats_vs_dogs", "--data-dir", folder, *ONE_EPOCH, "--set", f"evaluation.thresholds={thresholds}"
    )
    return done, home.runs("cats_vs_dogs")[0]


@pytest.fixture(scope="module")
def seven_models(home):
    """`higgs` with all its models, a few epochs each, on 10,984 rows, of which a twentieth tests."""
    done = home.forked(
        *("run", "higgs", "--data-dir", SHARED / "higgs" / "HIGGS.csv.gz"),
        *("--set", "trainer.max_epochs=4"),
    )
    return done, home.runs("higgs")[0]


def test_a_blocked_run_says_why_and_shows_every_chart(blocked):
    done, record = blocked
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"Report: {record['report']}" in done.stdout
    with opened(record["report"]) as page:
        assert page.inner_text("h1").endswith("Not blessed, not pushed")
        assert page.inner_text("#verdict").startswith("1 of 2 checks failed")
        assert "at least 1" in page.inner_text("#checks tbody tr")
        assert [tile.inner_text() for tile in page.query_selector_all("#tiles dt")] == [
            "Accuracy",
            "Guessing",
            "Still served",
            "Test examples",
        ]
        drawn = charts(page)
        assert set(drawn) >= {
            "slices",
            "roc",
            "precision-recall",
            "calibration",
            "training-loss",
            "waterfall",
        }
        assert all(drawn.values()), drawn
        widths = page.evaluate(WIDTHS_OF_PHOTOS)
        assert len(widths) > 0
        assert min(widths) > 20
        actual, predicted = page.evaluate("Object.values(document.querySelector('#confused a').dataset)")
        page.click("#confused a")
        shown = page.evaluate("[...wrong.children].filter((card) => !card.hidden).map((card) => ({...card.dataset}))")
        assert shown
        assert all(each == {"actual": actual, "predicted": predicted} for each in shown)
        assert "fine tuning starts" in page.text_content("#chart-training-loss")
        assert {name: len(page.query_selector_all(f"#{name} img")) for name in GALLERIES} == GALLERIES
        assert "2,259,265 parameters in 160 layers" in page.inner_text("#model-sentence")
        assert len(page.query_selector_all("#layers tbody tr")) == 160 + 1
        assert page.inner_text("#training").count("Before the first step: validation loss") == 1
        assert len(column(page, "batch", 0)) > 0


def test_every_figure_of_the_photos_is_tfmas(blocked, home):
    _, record = blocked
    with opened(record["report"]) as page:
        assert compare_with_tfma(page, evaluation_of(home, "cats_vs_dogs")) > 500


def test_the_predictions_of_all_test_photos_are_written_to_a_file(blocked, home):
    _, record = blocked
    out = home.path / "predictions.csv"
    home.here("report", "cats_vs_dogs", "--predictions", out)
    written = pd.read_csv(out)
    assert list(written.columns) == [
        "example", "place", "label", "predicted", "probability of cat", "probability of dog",
    ]  # fmt: skip
    assert len(written) == written["place"].nunique() == record["counts"]["test"]
    assert (written["label"] == written["predicted"]).mean() == pytest.approx(record["metrics"]["accuracy"])
    assert all(place.startswith(f"{label}/") for place, label in zip(written["place"], written["label"], strict=True))
    assert np.allclose(written["probability of cat"] + written["probability of dog"], 1)


def test_the_seven_models_are_overlaid(seven_models):
    _, record = seven_models
    with opened(record["report"], dark=True) as page:
        drawn = charts(page)
        assert (drawn["compared-sizes"], drawn["compared-regularisers"]) == (8, 8)
        assert drawn["pooled"] > 50
        assert all(drawn.values()), drawn
        parameters = dict(zip(column(page, "compared-models", 0), column(page, "compared-models", 1), strict=True))
        assert parameters == {
            **{"tiny": "481", "small": "753", "medium": "10241"},
            **dict.fromkeys(("large", "l2", "dropout", "combined"), "803329"),
        }
        assert len(page.query_selector_all("#overfitting li")) == 7
        assert len(column(page, "statistics", 0)) == 29 * 3


def test_every_figure_of_the_rows_is_tfmas(seven_models, home):
    _, record = seven_models
    with opened(record["report"]) as page:
        assert compare_with_tfma(page, evaluation_of(home, "higgs")) > 500


def test_tensorboard_opens_with_the_curves_of_all_models(seven_models, home):
    done = home.here("report", "higgs", "--tensorboard")
    command = [*shlex.split(done.stdout), "--port", "0", "--host", "localhost"]
    shown = subprocess.Popen(command, env=home.environment(), stderr=subprocess.PIPE, text=True)
    try:
        address = next(found[1] for line in shown.stderr if (found := re.search(r"http://([^/]+)/", line)))
        found = []
        for path in ("/", "/data/plugin/scalars/tags"):
            with closing(HTTPConnection(address)) as connection:
                connection.request("GET", path)
                found.append(connection.getresponse().read().decode())
    finally:
        shown.terminate()
        shown.communicate()
    assert "<title>TensorBoard</title>" in found[0]
    tags = json.loads(found[1])
    assert {run for run in tags if run.endswith("validation")} == {f"models/{name}/validation" for name in TUTORIAL}
    assert "epoch_binary_crossentropy" in tags["models/tiny/train"]


def test_the_index_shows_the_run(blocked, home):
    _, record = blocked
    done = home.here("report", "cats_vs_dogs", "--index")
    index = Path(done.stdout.strip())
    with opened(index) as page:
        page.click("#runs a")
        page.wait_for_selector("#verdict")
        assert page.url.endswith(Path(record["report"]).name)


def test_lineage_leads_back_to_the_data(blocked, home):
    done = home.here("lineage", "cats_vs_dogs", "--json", evaluation_of(home, "cats_vs_dogs"))
    origins = json.loads(done.stdout)
    assert origins[0]["name"] == "Evaluator: evaluation"
    assert {"Trainer: model", "ImageExampleGen: examples"} <= {origin["name"] for origin in origins}
    assert any(origin["details"].startswith("data ") for origin in origins)
