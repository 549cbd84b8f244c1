"""What a linear probe gets: what the Trainer stored of the training photos, and the same of the test photos."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from small_photo_trainer import small_base

from components.trainer.transfer_learning import features, run_fn
from components.trainer.transfer_learning.config import FeatureExtraction, FineTuning, TransferLearning
from components.trainer.transfer_learning.feature_store import StoredValues, write_stored_folders
from components.trainer.transfer_learning.lessons import lessons
from components.trainer.transfer_learning.probe import probe_features

LABELS, TEST = ["cat", "dog"] * 5, ["dog", "cat", "eel", "dog"]
SETTINGS = TransferLearning(
    weights=None, views=2, feature_extraction=FeatureExtraction(epochs=2), fine_tuning=FineTuning(epochs=0)
)


@pytest.fixture
def stored(two_classes, fn_args_of, write_split, tmp_path, monkeypatch):
    """Returns a function that stores what a training does, and returns the base and what a probe gets."""
    monkeypatch.setattr(run_fn, "build_base", small_base)
    args = fn_args_of(two_classes, LABELS, SETTINGS)
    test_files = [write_split(tmp_path / "Split-test", TEST, first_seed=50)]

    def store(settings=SETTINGS, probed_with=None, most=100, seed=0):
        photos = run_fn.load_photos(args)
        strategy = tf.distribute.get_strategy()
        model, base, _ = run_fn.build(settings, photos, strategy)
        taught = lessons(model, base, photos, settings, strategy, str(tmp_path / "features"))
        Path(args.model_run_dir).mkdir(exist_ok=True)
        write_stored_folders(args.model_run_dir, taught.stored)
        before = sorted(Path(tmp_path / "features").rglob("*"))
        trainer = (probed_with or settings).model_dump(mode="json")
        found = probe_features(args.train_files, test_files, two_classes, args.model_run_dir, trainer, most, seed)
        assert sorted(Path(tmp_path / "features").rglob("*")) == before
        return photos, base, taught.stored, found

    return store


@pytest.mark.parametrize("pooling", ["avg", "flatten"])
def test_it_is_the_bases_output_of_the_photos_as_they_are(stored, pooling):
    photos, base, (folder,), found = stored(SETTINGS.model_copy(update={"pooling": pooling}))
    named = features.named_photos(photos.train, photos.tft_output, photos.class_names, 1)
    kept = StoredValues(folder)
    values = kept.read(kept.rows(named.names, 0))
    np.testing.assert_allclose(found.train.values, values if pooling == "avg" else values.mean(axis=(1, 2)), rtol=1e-6)
    assert found.train.ids.tolist() == [0, 1] * 5
    assert found.training_photos == len(LABELS)
    test = tf.data.TFRecordDataset(tf.io.gfile.glob(f"{Path(photos.train.files[0]).parents[1]}/Split-test/*"), "GZIP")
    decoded = [photo for photo, _ in features.dataset.photos(test, photos.tft_output, photos.class_names)]
    expected = base(tf.stack(decoded), training=False).numpy().mean(axis=(1, 2))
    of_known = [0, 1, 3]
    np.testing.assert_allclose(found.test.values, expected[of_known], atol=2e-3 * np.abs(expected).max())
    assert found.test.ids.tolist() == [1, 0, 1]


def test_of_many_photos_a_sample_is_taken_by_the_seed(stored):
    _, _, _, all_of_them = stored()
    (first, again, other) = (stored(most=4, seed=seed)[3] for seed in (0, 0, 1))
    assert len(first.train.ids) == 4
    assert len(first.test.ids) == 3
    assert first.training_photos == len(LABELS)
    np.testing.assert_array_equal(first.train.values, again.train.values)
    assert not np.array_equal(first.train.values, other.train.values)
    rows = {row.tobytes() for row in all_of_them.train.values}
    assert all(row.tobytes() in rows for row in first.train.values)


def test_where_nothing_is_stored_there_is_nothing(stored):
    *_, folders, found = stored(SETTINGS.model_copy(update={"views": "fresh"}))
    assert (folders, found) == ((), None)


def test_what_is_stored_of_another_base_is_no_use(stored, caplog):
    *_, found = stored(probed_with=SETTINGS.model_copy(update={"seed": 1}))
    assert found is None
    assert "is of another base" in caplog.text
