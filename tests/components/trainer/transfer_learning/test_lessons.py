"""What each phase is given, and what the store has afterwards. The base is a small one."""

import dataclasses
import types
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from small_photo_trainer import small_base

from components.progress import heard_by
from components.trainer.transfer_learning import features
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning
from components.trainer.transfer_learning.feature_store import StoredValues, tensors
from components.trainer.transfer_learning.lessons import lessons
from components.trainer.transfer_learning.model import build_model
from components.trainer.transfer_learning.run_fn import load_photos
from components.trainer.transfer_learning.training import train
from components.trainer.transfer_learning.views import changed
from components.transform.config import ImageTransform
from pipeline.source_fingerprint import _with_imports

SETTINGS = TransferLearning(
    weights=None,
    views=2,
    feature_extraction=FeatureExtraction(epochs=2),
    fine_tuning=FineTuning(epochs=2, from_layer=1),
    batch_size=4,
)
LABELS = ["cat", "dog"] * 3
TRAINING, VALIDATION = len(LABELS), len(LABELS) // 2


@pytest.fixture
def photos(two_classes, fn_args_of):
    """Six photos to train with, three to validate on."""
    return load_photos(fn_args_of(two_classes, LABELS, SETTINGS))


@pytest.fixture
def given(photos, tmp_path):
    """Returns a function that gives the lessons for changed settings, the model and how many views were made."""

    def give(base_seed=0, store=str(tmp_path / "features"), photos=photos, strategy=None, **update):
        settings = SETTINGS.model_copy(update=update)
        keras.utils.set_random_seed(base_seed)
        strategy = strategy or tf.distribute.get_strategy()
        with strategy.scope():
            base = small_base(32)
            model = build_model(settings, base, 2)
        heard = [0]
        with heard_by(lambda progress: heard.append(progress.done)):
            taught = lessons(model, base, photos, settings, strategy, store)
        return types.SimpleNamespace(
            taught=taught.phases, model=model, base=base, settings=settings, made=heard[-1], stored=taught.stored
        )

    return give


def shapes(lesson):
    return [batch[0].shape.as_list() for batch in lesson.data.train(range(2))]


def test_phases_train_on_what_the_frozen_layers_gave(given):
    found = given()
    first, second = found.taught
    assert found.made == 2 * TRAINING + VALIDATION
    assert shapes(first) == [[4, 8], [2, 8]] * 2
    assert [batch[0].shape.as_list() for batch in second.data.train(range(2, 4))] == [[4, 8, 8, 8], [2, 8, 8, 8]] * 2
    assert (first.data.steps, second.data.steps) == (2, 2)
    assert [batch[0].shape[1:].as_list() for batch in first.data.validation] == [[8]]
    assert [StoredValues(folder).tensor.shape for folder in found.stored] == [(8,), (8, 8, 8)]
    assert first.model.layers[-1] is second.model.layers[-1] is found.model.layers[-1]


def test_what_is_stored_is_what_the_layers_make_of_a_view(given, photos, tmp_path):
    found = given()
    (folder,) = [folder for folder, tensor in tensors(str(tmp_path / "features")).items() if len(tensor.shape) == 3]
    stored = StoredValues(folder)
    named = features.named_photos(photos.train, photos.tft_output, photos.class_names, 2)
    assert named.class_ids.tolist() == [0, 1] * 3
    records = tf.data.TFRecordDataset(list(photos.train.files), compression_type="GZIP")
    decoded = [photo for photo, _ in features.dataset.photos(records, photos.tft_output, photos.class_names)]
    for view in (0, 1):
        seen = changed(np.stack(decoded), named.names.astype(str), view, found.settings)
        expected = found.base.layers[0](seen)
        values = stored.read(stored.rows(named.names, view))
        np.testing.assert_allclose(values, expected, atol=2e-3 * np.abs(expected).max())


def test_the_next_training_makes_only_what_is_new(given, tmp_path):
    given()
    assert given(dropout=0.5, feature_extraction=FeatureExtraction(epochs=4, learning_rate=1), head="softmax").made == 0
    assert given(views=4, feature_extraction=FeatureExtraction(epochs=4)).made == 2 * TRAINING
    assert len(tensors(str(tmp_path / "features"))) == 2


@pytest.mark.parametrize(
    "change", [{"base_seed": 1}, {"seed": 1}, {"augmentation": Augmentation(rotation=0.1)}, {"store": ""}]
)
def test_other_weights_seeds_and_changes_make_all_anew(given, change):
    given()
    assert given(**change).made == 2 * TRAINING + VALIDATION


def test_photos_that_are_seen_otherwise_make_all_anew(given, photos):
    given()
    cropped = dataclasses.replace(photos, seen=ImageTransform(image_size=32, crop_to_aspect_ratio=True))
    assert given(photos=cropped).made == 2 * TRAINING + VALIDATION


def test_of_a_photo_more_its_views_are_made(given, two_classes, write_split, tmp_path):
    given()
    args = types.SimpleNamespace(
        train_files=[write_split(tmp_path / "more", [*LABELS, "cat"])],
        eval_files=[write_split(tmp_path / "more eval", LABELS[:3], first_seed=100)],
        transform_graph_path=two_classes,
    )
    assert given(photos=load_photos(args)).made == 2


def test_fresh_views_are_photos(given, tmp_path):
    found = given(views="fresh")
    first, second = found.taught
    assert first is second
    assert first.model is found.model
    assert first.data.steps is None
    assert found.stored == ()
    assert shapes(first) == [[4, 32, 32, 3], [2, 32, 32, 3]]
    assert not (tmp_path / "features").exists()


@pytest.mark.parametrize("views", [1, "fresh"])
def test_a_strategy_of_several_replicas_has_batches_of_one_shape_and_the_same_metrics(given, photos, views, tmp_path):
    """A batch of 2 divides the photos to train with, so that only those to validate on are filled up."""
    settings = {
        "views": views,
        "batch_size": 2,
        "dropout": 0,
        "augmentation": Augmentation(horizontal_flip=False, rotation=0),
        "feature_extraction": FeatureExtraction(epochs=1),
        "fine_tuning": FineTuning(epochs=0),
    }
    found = {}
    for name, strategy in (("plain", None), ("full", tf.distribute.MirroredStrategy(["/cpu:0"]))):
        taught = given(strategy=strategy, store=str(tmp_path / name), **settings)
        found[name] = train(taught.model, taught.base, "logit", taught.taught, taught.settings, str(tmp_path / "logs"))
        given_sizes = [[len(each) for each in batch] for batch in taught.taught[0].data.validation]
        assert given_sizes == ([[2, 2], [1, 1]] if strategy is None else [[2, 2, 2]] * 2)
        assert {len(batch[0]) for batch in taught.taught[0].data.train(range(1))} == {2}
    for metric in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert found["full"].metrics[metric] == pytest.approx(found["plain"].metrics[metric], rel=1e-4), metric


def test_where_all_layers_learn_phase_2_has_fresh_views(given):
    found = given(fine_tuning=FineTuning(epochs=2, from_layer=0))
    first, second = found.taught
    assert shapes(first)[0] == [4, 8]
    assert second.model is found.model
    assert shapes(second)[0] == [4, 32, 32, 3]


def test_without_phase_2_the_pooled_features_alone_are_stored(given, tmp_path):
    assert given(fine_tuning=FineTuning(epochs=0)).made == 2 * TRAINING + VALIDATION
    assert [tensor.shape for tensor in tensors(str(tmp_path / "features")).values()] == [(8,)]


def test_a_flattened_head_has_the_places_stored(given):
    assert shapes(given(pooling="flatten").taught[0])[0] == [4, 8, 8, 8]


@pytest.mark.parametrize(("bound", "stored"), [(0, []), (3_000, [(8,)])])
def test_beyond_the_bound_views_are_fresh_and_the_log_says_so(given, tmp_path, caplog, bound, stored):
    found = given(store_bytes=bound)
    assert [lesson.model is found.model for lesson in found.taught] == [not stored, True]
    assert [tensor.shape for tensor in tensors(str(tmp_path / "features")).values()] == stored
    assert "more than trainer.store_bytes: fine tuning has fresh views in each epoch" in caplog.text
    assert ("training has fresh views" in caplog.text) == (not stored)


def test_the_store_stays_within_its_bound(given, tmp_path):
    given()
    whole = sum(file.stat().st_size for file in Path(tmp_path / "features").glob("*/*"))
    given(seed=1, store_bytes=whole + 100)
    assert {tensor.seed for tensor in tensors(str(tmp_path / "features")).values()} == {1}


def test_a_pass_that_was_ended_is_gone_on_with(given, monkeypatch, tmp_path):
    monkeypatch.setattr(features.feature_store, "PART_BYTES", 1)
    monkeypatch.setattr(features, "BATCH", 2)
    make, begun = features.changed, []

    def end(*arguments):
        begun.append(arguments)
        if len(begun) == 4:
            raise InterruptedError
        return make(*arguments)

    monkeypatch.setattr(features, "changed", end)
    with pytest.raises(InterruptedError):
        given()
    assert given().made == 2 * TRAINING + VALIDATION - 3 * 2


def test_all_code_that_makes_a_value_of_a_photo_is_in_the_key():
    without_a_say = {
        "components",
        "components.contract",
        "components.datasets",
        "components.errors",
        "components.ingest",
        "components.ingest.google_storage",
        "components.ingest.record_files",
        "components.ingest.remote",
        "components.ingest.side_by_side",
        "components.ingest.storage",
        "components.operating_point",
        "components.progress",
        "components.settings",
        "components.trainer",
        "components.trainer.class_weights",
        "components.trainer.config",
        "components.trainer.strategy",
        "components.trainer.tpu",
        "components.trainer.tpu_environment",
        "components.trainer.transfer_learning",
        "components.trainer.transfer_learning.config",
        "components.trainer.transfer_learning.store_files",
        "components.transform",
        "components.transform.config",
        "components.wording",
    }
    hashed = {module.__name__ for module in features.CODE} | {features.__name__}
    assert _with_imports((features.__name__,)) - without_a_say == hashed
