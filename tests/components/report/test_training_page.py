"""The page's parts on training and photos, in a real browser."""

import base64
import io

import numpy as np
import pytest
from browser import charts, column, needs_chromium, opened
from PIL import Image
from report_samples import NASTY, curves

from components.report.examples import data_uri
from components.report.page import render
from components.report.review import (
    DataReview,
    HistogramBar,
    Mistakes,
    PooledValues,
    Prediction,
    Review,
    Sample,
    TrainingReview,
)
from components.trainer.model_summary import LayerSummary, ModelSummary, TreesSummary

PRESETS = ("tiny", "small", "medium", "large", "l2", "dropout", "combined")
WIDTHS_OF_PICTURES = """(id) => Promise.all([...document.querySelectorAll(`#${id} img`)].map(async (image) => {
    image.loading = 'eager';
    await image.decode();
    return image.width;
}))"""
LAYERS = (
    """(id) => [...document.getElementById(id).tBodies[0].rows].map((row) => [...row.cells].map((c) => c.innerText))"""
)


def picture(number):
    pixels = np.full((24, 32, 3), 20 * number % 256, np.uint8)
    pixels[:8, : 3 * number] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return data_uri(file.getvalue())


def sample(label, number, shown=True):
    return Sample(label=label, place=f"{label}/{number}.jpg", picture=picture(number) if shown else "")


def written(review, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(review), encoding="utf-8")
    return path


@pytest.fixture
def photos(tmp_path):
    """The page of a run of photos."""
    frozen = [
        LayerSummary(
            name=f"block_{block}_{kind}", kind=kind, part="base", output=(5, 5, 8), parameters=10, trained=(0, 10)
        )
        for block in range(20)
        for kind in ("Conv2D", "ReLU")
    ]
    head = LayerSummary(name="head", kind="Dense", output=(1,), parameters=9, trained=(9, 9))
    summary = ModelSummary(phases=("feature extraction", "fine tuning"), layers=(*frozen, head), export_bytes=9_400_000)
    review = Review(
        pipeline="pets",
        data=DataReview(samples={name: tuple(sample(name, n) for n in range(6)) for name in ("cat", NASTY)}),
        training=TrainingReview(
            curves=curves(
                initial={"val_loss": 0.74, "val_accuracy": 0.5}, metrics=curves().metrics | {"val_loss": (0.1,) * 4}
            ),
            summary=summary,
            augmented=tuple(picture(number) for number in range(10)),
            logs="/runs/7",
        ),
        mistakes=Mistakes(seen=32, wrong={}, worst={}),
        predictions=tuple(
            Prediction(sample=sample("cat", n, shown=n < 9), predicted=NASTY if n % 4 == 1 else "cat", confidence=0.9)
            for n in range(32)
        ),
    )
    return written(review, tmp_path)


@pytest.fixture
def rows(tmp_path):
    """The page of a run that compared the tutorial's seven models, and one of trees."""
    epochs = 400
    compared = {}
    for number, name in enumerate((*PRESETS, "trees")):
        values = tuple(
            (0.5 + 0.01 * number + 0.2 * np.exp(-np.arange(epochs) / 30) + 0.02 * (-1) ** np.arange(epochs)).tolist()
        )
        metrics = dict.fromkeys(("loss", "val_loss", "accuracy", "val_accuracy", "seconds"), values)
        compared[name] = curves(
            metrics=metrics,
            epochs=tuple(range(1, epochs + 1)),
            fine_tuning_starts_at=None,
            model=name,
            best_epoch=epochs,
        )
    schedule = tuple((float(epoch), 1e-3 / (1 + epoch / 1000)) for epoch in range(0, 10_001, 100))
    layer = LayerSummary(name="dense", kind="Dense", output=(16,), parameters=464, trained=(464,))
    network = ModelSummary(phases=("training",), layers=(layer,), export_bytes=20_000)
    trees = ModelSummary(phases=("training",), trees=TreesSummary(trees=63, leaves=1953, depth=9))
    review = Review(
        pipeline="higgs",
        data=DataReview(),
        training=TrainingReview(
            curves=compared["tiny"].model_copy(update={"schedule": schedule}),
            compared=compared,
            summary=network,
            summaries=dict.fromkeys(PRESETS, network) | {"trees": trees},
            logs="/runs/7",
        ),
        pooled=PooledValues(
            rows=1000, bars=tuple(HistogramBar(low=n / 10, high=(n + 1) / 10, count=1 + n % 7) for n in range(101))
        ),
    )
    return written(review, tmp_path)


@needs_chromium
@pytest.mark.parametrize(("dark", "width"), [(False, 1200), (True, 390)])
def test_photos_are_shown_with_what_they_are_and_what_the_model_says(photos, dark, width):
    with opened(photos, dark=dark, width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        galleries = {"training-photos": 9, "test-photos": 9, "augmented": 10}
        for gallery, count in galleries.items():
            widths = page.evaluate(WIDTHS_OF_PICTURES, gallery)
            assert len(widths) == count
            assert min(widths) > 60
        in_a_line = "(id) => getComputedStyle(document.getElementById(id)).gridTemplateColumns.split(' ').length"
        assert [page.evaluate(in_a_line, name) for name in ("training-photos", "test-photos")] == [3, 3]
        labels = page.eval_on_selector_all("#training-photos p", "each => each.map((p) => p.textContent)")
        assert labels == ["cat", NASTY] * 4 + ["cat"]
        said = page.eval_on_selector_all("#test-photos p b", "each => each.map((p) => p.textContent)")
        assert said == [f"✗ {NASTY}" if number % 4 == 1 else "✓ cat" for number in range(9)]
        assert len(page.query_selector_all("#test-photos .wrong")) == 2
        assert len(page.query_selector_all("#samples img")) == 3
        page.click("text=Predictions and labels of the batch")
        assert column(page, "batch", 1) == ["cat"] * 32
        assert column(page, "batch", 2).count("✗ wrong") == 8


@needs_chromium
def test_the_model_is_shown_by_block_and_layer_by_layer(photos):
    with opened(photos) as page:
        blocks = page.evaluate(LAYERS, "blocks")
        assert len(blocks) == 22
        assert blocks[0] == ["block_0\nbase, 2 layers", "Conv2D, ReLU", "5 x 5 x 8", "20", "0", "20"]
        assert blocks[-2:] == [["head", "Dense", "1", "9", "9", "9"], ["All", "", "", "409", "9", "409"]]
        page.click("text=All 41 layers")
        assert len(page.evaluate(LAYERS, "layers")) == 42
        assert page.inner_text("#model-sentence").startswith("409 parameters in 41 layers")


@needs_chromium
def test_the_training_of_photos_is_told_as_in_the_tutorial(photos):
    with opened(photos) as page:
        assert charts(page).keys() >= {"training-loss", "training-accuracy", "training-learning_rate"}
        assert all(charts(page).values())
        said = page.eval_on_selector_all("p.tutorial", "each => each.map((p) => p.textContent)")
        assert said[0] == "Before the first step: validation loss 0.7400, validation accuracy 0.5000."
        assert said[1].startswith("Validation is better than training in epoch 4")
        assert "fine tuning starts" in page.text_content("#chart-training-loss")
        assert page.inner_text("#tensorboard code") == "tensorboard --logdir /runs/7"
        dashes = page.eval_on_selector_all(
            "#chart-training-loss .scatterlayer path.js-line", "each => each.map((line) => line.style.strokeDasharray)"
        )
        assert len(dashes) == 2
        assert dashes[0] in ("", "none")
        assert "px" in dashes[1]


@needs_chromium
@pytest.mark.parametrize(("dark", "width"), [(False, 1200), (True, 390)])
def test_models_are_compared_in_charts_and_a_table(rows, dark, width):
    with opened(rows, dark=dark, width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        drawn = charts(page)
        assert (drawn["compared-sizes"], drawn["compared-regularisers"], drawn["compared-others"]) == (8, 8, 2)
        assert drawn["pooled"] == 101
        assert drawn["training-learning_rate"] == 1
        assert "training ended" in page.text_content("#chart-training-learning_rate")
        assert column(page, "compared-models", 0) == [*PRESETS, "trees"]
        rows = page.evaluate(LAYERS, "compared-models")
        assert [row[1] for row in rows] == ["464"] * 7 + ["1,953 leaves of 63 trees"]
        assert [row[5] for row in rows] == ["✓ chosen", *[""] * 7]


@needs_chromium
def test_curves_are_smoothed_as_one_asks(rows):
    with opened(rows) as page:

        def jitter():
            """By how much a value differs from the next, late in the training."""
            values = np.array(page.evaluate("document.getElementById('chart-compared-sizes').data[0].y"))
            assert len(values) == 400
            return np.abs(np.diff(values[200:390])).max()

        assert page.input_value("#smoothing") == "10"
        assert page.inner_text("#smoothing-value") == "10 epochs"
        assert jitter() < 0.001
        page.evaluate("smoothing.value = 0; smoothing.dispatchEvent(new Event('input'))")
        assert page.inner_text("#smoothing-value") == "none"
        assert jitter() == pytest.approx(0.04, rel=0.02)


def test_pictures_are_what_the_trainer_wrote(photos):
    page = photos.read_text()
    head, data = picture(3).split(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (32, 24)
    assert page.count(data) >= 2
