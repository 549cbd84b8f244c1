import logging
import math

import pytest
import tf_keras as keras

from components.errors import TransferlineError
from components.progress import Progress
from components.trainer.curves import LearningCurves, read_curves, write_curves
from components.trainer.transfer_learning.callbacks import (
    EpochProgress,
    FailOnNaN,
    MetricsRecorder,
    epochs_since_lowest,
)
from components.trainer.transfer_learning.model import Classifier


def tiny_model(learning_rate=0.5):
    number = keras.Input((1,))
    model = Classifier(number, keras.layers.Dense(1)(number))
    model.compile(keras.optimizers.SGD(learning_rate), "mse", run_eagerly=True)
    return model


def test_curves_are_read_as_they_were_written(tmp_path):
    curves = LearningCurves(epochs=(1, 2), fine_tuning_starts_at=1, metrics={"loss": (0.5, 0.25)}, weights={})

    write_curves(curves, str(tmp_path / "new" / "folder"))

    assert read_curves(str(tmp_path / "new" / "folder")) == curves


def test_the_recorder_keeps_all_epochs_of_several_fits():
    recorder, model = MetricsRecorder(), tiny_model()

    model.fit([[1.0]], [[2.0]], epochs=2, verbose=0, callbacks=[recorder])
    model.optimizer.learning_rate = 0.25
    model.fit([[1.0]], [[2.0]], initial_epoch=2, epochs=3, verbose=0, callbacks=[recorder])

    assert recorder.metrics.values["learning_rate"] == [0.5, 0.5, 0.25]
    assert recorder.metrics.epochs == len(recorder.metrics.values["seconds"]) == 3


def test_each_epoch_is_reported(caplog):
    with caplog.at_level(logging.INFO, "transferline.progress"):
        EpochProgress(2, begin=10, end=30).on_epoch_end(14, {"loss": 0.12345, "val_accuracy": 0.98765})

    (record,) = caplog.records
    assert record.progress == Progress(
        5, 20, "epochs of phase 2", "val_accuracy 0.988", "epoch 15: loss 0.1235, val_accuracy 0.9877"
    )


def test_a_validation_that_is_no_number_ends_the_training_since_no_epoch_would_be_the_best():
    validation = ([[3e38]], [[-3e38]])
    with pytest.raises(TransferlineError, match=r"The validation loss became inf in epoch 1, at a learning rate"):
        tiny_model(0.1).fit([[1.0]], [[2.0]], validation_data=validation, verbose=0, callbacks=[FailOnNaN()])


def test_a_training_that_diverges_ends_with_a_cure():
    with pytest.raises(TransferlineError, match=r"epoch \d+, at a learning rate of 1e\+30: training diverged") as error:
        tiny_model(1e30).fit([[1.0]], [[2.0]], epochs=9, verbose=0, callbacks=[FailOnNaN()])
    assert "learning rate" in error.value.cure


@pytest.mark.parametrize(
    ("values", "epochs"),
    [([], 0), ([3.0], 0), ([3.0, 2.0, 2.0, 4.0], 2), ([2.0, math.nan, 1.0], 0), ([math.nan, math.nan], 2)],
)
def test_how_long_a_loss_was_no_lower(values, epochs):
    assert epochs_since_lowest(values) == epochs
