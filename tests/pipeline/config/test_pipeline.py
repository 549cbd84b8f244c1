import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config import Augmentation
from pipeline.config.overrides import apply_overrides
from pipeline.config.pipeline import OF_CLASSES, OF_ROWS

SET = {
    "data.classes": '["a", "b"]',
    "data.split.stratify": "true",
    "data.split.count_conflicts": "true",
    "gate.fail_on_label_conflict": "true",
    "gate.max_conflicts": "0.1",
    "gate.fail_on_missing_class": "true",
    "trainer.class_weights": "balanced",
    "trainer.calibrate": "true",
    "trainer.operating_point": '{"kind": "at_recall", "recall": 0.8}',
}


OF_NUMBER = ("task=regression", 'evaluation.thresholds=[{"metric": "rmse", "at_most": 1}]')


def with_settings(*assignments):
    return apply_overrides(catalog.load("higgs_toy"), ["data.classes=[]", *assignments])


@pytest.mark.parametrize("key", OF_CLASSES)
def test_what_means_classes_only_is_refused_by_name_where_a_number_is_predicted(key):
    with pytest.raises(TransferlineError, match=f"{key}: that is of classes, and task=.regression. predicts a number"):
        with_settings(*OF_NUMBER, f"{key}={SET[key]}")
    with_settings(f"{key}={SET[key]}")


def test_what_means_numbers_only_is_refused_by_name_where_classes_are_told_apart():
    with pytest.raises(TransferlineError, match=r"trainer\.label_scale: that is of a number to predict"):
        with_settings("trainer.label_scale=log")
    assert with_settings(*OF_NUMBER, "trainer.label_scale=log").trainer.label_scale == "log"


def test_a_number_to_predict_is_of_no_other_type():
    config = with_settings(*OF_NUMBER)
    assert with_settings(*OF_NUMBER, f"data.types.{config.data.label}=float").task == "regression"
    with pytest.raises(TransferlineError, match="is the label, a number to predict, and types says string"):
        with_settings(*OF_NUMBER, f"data.types.{config.data.label}=string")


def test_metrics_are_those_of_the_task():
    with pytest.raises(TransferlineError, match=r"evaluation\.thresholds: \w+ is not of task=.regression"):
        with_settings("task=regression")
    with pytest.raises(TransferlineError, match=r"evaluation\.thresholds: rmse is not of task=.classification"):
        with_settings(OF_NUMBER[1])
    # For `check`, which tells the nearest name.
    assert with_settings('evaluation.thresholds=[{"metric": "acuracy", "at_least": 1}]').task == "classification"
    count = 'evaluation.thresholds=[{"metric": "example_count", "at_least": 1}]'
    assert with_settings("task=regression", count).evaluation == with_settings(count).evaluation


@pytest.mark.parametrize("key", OF_ROWS)
def test_what_means_rows_only_is_refused_of_photos(key):
    value = '{"x": {"max_missing": 0.1}}' if key.endswith("columns") else "0.5"
    with pytest.raises(TransferlineError, match=f"{key}: that is of rows, not of photos"):
        apply_overrides(catalog.load("photos"), [f"{key}={value}"])


def test_photos_are_scaled_as_the_base_takes_them():
    photos = catalog.load("photos")
    assert photos.transform.scale is None
    assert photos.scaled_transform.scale == "symmetric"
    other = apply_overrides(photos, ["trainer.base=ConvNeXtTiny"])
    assert other.scaled_transform == photos.transform.model_copy(update={"scale": "imagenet"})
    assert apply_overrides(other, ["transform.scale=imagenet"]).scaled_transform == other.scaled_transform
    wrong = r'transform.scale: trainer.base=ConvNeXtTiny takes photos scaled as "imagenet", not "symmetric"'
    with pytest.raises(TransferlineError, match=wrong):
        apply_overrides(other, ["transform.scale=symmetric"])


def test_pixels_alone_go_from_0_to_1():
    pixels = apply_overrides(catalog.load("photos"), ["trainer.base=none", "trainer.fine_tuning.epochs=0"])
    assert pixels.scaled_transform.scale == "unit"
    with pytest.raises(TransferlineError, match=r'trainer\.base=None takes photos scaled as "unit", not "imagenet"'):
        apply_overrides(pixels, ["transform.scale=imagenet"])


def test_flowers_is_the_tutorials():
    flowers = catalog.load("flowers")
    trainer = flowers.trainer
    assert flowers.transform.image_size == 192
    assert (trainer.base, trainer.pooling, trainer.head, trainer.dropout) == ("MobileNetV2", "flatten", "softmax", 0)
    assert trainer.augmentation == Augmentation(horizontal_flip=False, rotation=0)
    assert (trainer.feature_extraction.learning_rate, trainer.batch_size) == (1e-3, 128)
    assert trainer.fine_tuning.epochs == 0


@pytest.mark.parametrize("name", ["é" * 300, "a\x00b", "../../nothing"])
def test_a_schema_that_no_file_can_be_is_refused_as_one_that_is_not_there(name):
    with pytest.raises(TransferlineError, match="curated_schema: there is no"):
        with_settings(f"curated_schema={name}")


@pytest.mark.parametrize("name", ["/out/[new]", "/out*", "what?"])
def test_an_output_folder_that_is_a_pattern_is_refused(name):
    with pytest.raises(TransferlineError, match="which TFX would take for a pattern of names"):
        with_settings(f"output_dir={name}")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("data.path=/photos/\udcff", r"data.path: '/photos/\udcff': that isn't UTF-8"),
        ('data.missing=["\\ud800"]', r"data.missing.0: '\ud800'"),
        ('left_out={"\\ud800": "a"}', r"left_out: '\ud800'"),
        ("output_dir=/\udcff", "output_dir: "),
    ],
)
def test_what_is_not_utf_8_is_refused_since_no_record_could_hold_it(given, told):
    with pytest.raises(TransferlineError) as caught:
        with_settings(given)
    assert told in caught.value.cause
