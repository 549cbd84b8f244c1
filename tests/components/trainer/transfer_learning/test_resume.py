"""A training that ended in the middle and is started again goes through every epoch once."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from small_photo_trainer import run_fn, small_base

from components.trainer.checkpoints import Checkpoints
from components.trainer.curves import read_curves
from components.trainer.model_summary import find_summary
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning
from components.trainer.transfer_learning.feature_store import StoredValues, stored_folders
from components.trainer.transfer_learning.model import build_model
from components.trainer.transfer_learning.training import Lesson, TrainingData, train

# All photos are one batch, and nothing is drawn at random: the training that went on ends with the same weights.
SETTINGS = TransferLearning(
    weights=None,
    augmentation=Augmentation(horizontal_flip=False, rotation=0),
    dropout=0,
    feature_extraction=FeatureExtraction(epochs=3, learning_rate=0.01),
    fine_tuning=FineTuning(epochs=3, from_layer=1, learning_rate=0.01),
    batch_size=8,
    checkpoint_seconds=0,
)


class EndedError(Exception):
    """What ends a training in a test."""


@pytest.fixture
def end_after(monkeypatch):
    """Returns a function that ends the next training right after the checkpoint of an epoch."""
    save = Checkpoints.save

    def end(epoch):
        def save_and_end(self):
            save(self)
            if self._metrics.epochs == epoch:
                monkeypatch.setattr(Checkpoints, "save", save)
                raise EndedError

        monkeypatch.setattr(Checkpoints, "save", save_and_end)

    return end


def trained(folder, settings=SETTINGS, validation=lambda ids: ids):
    keras.utils.set_random_seed(0)
    base = small_base(32)
    model = build_model(settings, base, 2)
    generator = np.random.default_rng(0)
    ids = np.arange(8) % 2
    photos = (generator.uniform(-0.3, 0.3, (8, 32, 32, 3)) + (ids - 0.5)[:, None, None, None]).astype(np.float32)
    data = tf.data.Dataset.from_tensors((photos, ids))
    lesson = Lesson(model, TrainingData(lambda _: data, tf.data.Dataset.from_tensors((photos, validation(ids)))))
    curves = train(model, base, "logit", (lesson, lesson), settings, str(folder / "logs"), str(folder))
    return curves, model.get_weights()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Curves and weights of a training that nothing ended."""
    return trained(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize(
    ("epoch", "checkpoint"),
    [(2, "feature_extraction/ckpt-2"), (3, "feature_extraction/ckpt-3"), (5, "fine_tuning/ckpt-5")],
)
def test_a_training_that_ended_goes_on_in_its_phase(whole, end_after, tmp_path, caplog, epoch, checkpoint):
    caplog.set_level("INFO")
    end_after(epoch)
    with pytest.raises(EndedError):
        trained(tmp_path)
    curves, weights = trained(tmp_path)

    assert f"training goes on after epoch {epoch}, from {tmp_path}/{checkpoint}" in caplog.text
    expected, expected_weights = whole
    assert curves.epochs == (1, 2, 3, 4, 5, 6)
    assert curves.fine_tuning_starts_at == 3
    assert all(len(values) == 6 for values in curves.metrics.values())
    for name in ("loss", "val_loss", "val_accuracy", "learning_rate"):
        assert curves.metrics[name] == pytest.approx(expected.metrics[name], rel=1e-5), name
    assert curves.initial == pytest.approx(expected.initial, rel=1e-5)
    assert set(curves.initial) == {"val_loss", "val_accuracy"}
    for mine, other in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)


PATIENT = {"epochs": 6, "patience": 2, "schedule": "cosine", "learning_rate": 0.01}


def test_best_weights_patience_and_the_learning_rate_outlive_an_end(end_after, tmp_path):
    """Of labels that are all wrong the first epoch knows least: each phase ends after three epochs."""
    settings = SETTINGS.model_copy(
        update={
            "feature_extraction": FeatureExtraction(**PATIENT),
            "fine_tuning": FineTuning(**PATIENT, from_layer=1),
        }
    )

    def wrong(ids):
        return 1 - ids

    whole, weights = trained(tmp_path / "whole", settings, wrong)
    assert len(whole.epochs) == 6
    assert (whole.fine_tuning_starts_at, whole.best_epoch) == (3, 1)
    for epoch in (2, 3, 4, 6):
        end_after(epoch)
        with pytest.raises(EndedError):
            trained(tmp_path / "ended", settings, wrong)
    found, found_weights = trained(tmp_path / "ended", settings, wrong)
    assert (found.epochs, found.fine_tuning_starts_at, found.best_epoch) == (
        *(whole.epochs, whole.fine_tuning_starts_at, whole.best_epoch),
    )
    for name in ("loss", "val_loss", "learning_rate"):
        assert found.metrics[name] == pytest.approx(whole.metrics[name], rel=1e-5), name
    for mine, other in zip(found_weights, weights, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-6)


def test_with_stored_views_a_training_that_ended_has_what_it_would_have_had(
    two_classes, fn_args_of, end_after, tmp_path
):
    """Order, views and what is dropped are drawn, but not anew."""
    drawn = {"views": 2, "augmentation": Augmentation(), "dropout": 0.2, "batch_size": 3}
    args = fn_args_of(two_classes, ["cat", "dog"] * 4, SETTINGS.model_copy(update=drawn))
    args.custom_config |= {"features": str(tmp_path / "features"), "checkpoints": str(tmp_path / "of whole")}
    run_fn(args)
    whole = read_curves(args.model_run_dir)
    args.custom_config["checkpoints"] = str(tmp_path / "checkpoints")
    for epoch in (2, 5):
        end_after(epoch)
        with pytest.raises(EndedError):
            run_fn(args)
    run_fn(args)
    curves = read_curves(args.model_run_dir)
    for name in ("loss", "val_loss"):
        assert curves.metrics[name] == pytest.approx(whole.metrics[name], rel=1e-5), name
        assert curves.initial[name] == pytest.approx(whole.initial[name], rel=1e-5), name
    assert find_summary(args.model_run_dir).phases == ("feature extraction", "fine tuning")


def test_a_training_in_another_file_system(two_classes, fn_args_of, end_after, tmp_path, monkeypatch):
    """As on gs://, which the operating system doesn't know either."""
    args = fn_args_of(two_classes, ["cat", "dog"] * 4, SETTINGS)
    args.custom_config |= {"checkpoints": "ram://photos/checkpoints", "features": "ram://photos/features"}
    args.serving_model_dir, args.model_run_dir = "ram://photos/model", "ram://photos/run"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    end_after(5)
    with pytest.raises(EndedError):
        run_fn(args)
    assert tf.io.gfile.exists("ram://photos/checkpoints")
    run_fn(args)
    assert read_curves(args.model_run_dir).epochs == (1, 2, 3, 4, 5, 6)
    assert tf.io.gfile.listdir("ram://photos/checkpoints") == []
    assert [len(StoredValues(folder).photos(view=0)) for folder in stored_folders(args.model_run_dir)] == [12, 12]
    assert list((tmp_path / "here").iterdir()) == []
