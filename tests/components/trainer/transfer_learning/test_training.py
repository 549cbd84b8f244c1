"""How a step computes: compiled by XLA, in bfloat16, several at once. The base is a small one."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from small_photo_trainer import run_fn, small_base

from components.trainer.curves import read_curves
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning
from components.trainer.transfer_learning.model import build_model, loss_of, metrics_of, precision_policy, unfreeze
from components.trainer.transfer_learning.training import Lesson, TrainingData, train

SIZE = 32
SETTINGS = TransferLearning(
    weights=None,
    feature_extraction=FeatureExtraction(epochs=2, learning_rate=0.01),
    fine_tuning=FineTuning(epochs=1, from_layer=1),
    batch_size=4,
)


def batch(count):
    ids = np.arange(count) % 2
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (count, SIZE, SIZE, 3))
    return (noise + (ids - 0.5)[:, None, None, None]).astype(np.float32), ids.astype(np.int64)


def built(settings, classes=2):
    keras.utils.set_random_seed(0)
    with precision_policy(settings.precision):
        base = small_base(SIZE)
        return build_model(settings, base, classes), base


@pytest.mark.parametrize("fine_tuning", [False, True])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_xla_compiles_a_training_step_with_static_shapes(fine_tuning, precision):
    """What a TPU would refuse, this refuses."""
    model, base = built(SETTINGS.model_copy(update={"precision": precision}))
    assert [type(layer).__name__ for layer in model.layers[1:3]] == ["RandomFlip", "RandomRotation"]
    if fine_tuning:
        unfreeze(base, 1)
    model.compile(keras.optimizers.Adam(0.1), loss_of("logit"), metrics_of("logit"))
    model.optimizer.build(model.trainable_variables)
    photos, ids = batch(4)
    before = [variable.numpy() for variable in model.trainable_variables]
    step = tf.function(model.train_step, jit_compile=True, autograph=False)
    values = step((tf.constant(photos), tf.constant(ids)))
    assert np.isfinite(float(values["loss"]))
    for variable, old in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(variable.numpy(), old), variable.name


@pytest.mark.parametrize(("classes", "kind"), [(2, "logit"), (3, "softmax")])
def test_mixed_precision_computes_in_bfloat16_between_floats(classes, kind):
    model, base = built(SETTINGS.model_copy(update={"precision": "mixed_bfloat16"}), classes)
    assert base.layers[0].compute_dtype == "bfloat16"
    assert {variable.dtype for variable in model.trainable_variables} == {tf.float32}
    photos, ids = batch(4)
    output = model(photos, training=True)
    assert output.dtype == tf.float32
    assert loss_of(kind)(tf.constant(ids), output).dtype == tf.float32
    exact, _ = built(SETTINGS, classes)
    exact.set_weights(model.get_weights())
    np.testing.assert_allclose(model(photos), exact(photos), atol=0.05)
    assert keras.mixed_precision.global_policy().name == "float32"


def test_what_is_served_is_float32_in_every_precision(two_classes, fn_args_of, encode_photo):
    settings = SETTINGS.model_copy(update={"precision": "mixed_bfloat16", "steps_per_execution": 2})
    args = fn_args_of(two_classes, ["cat", "dog"] * 4, settings)
    run_fn(args)
    signatures = tf.saved_model.load(args.serving_model_dir).signatures
    answer = signatures["image_bytes"](image_bytes=tf.constant([encode_photo("cat", 1)]))
    assert {answer[name].dtype for name in ("scores", "probability")} == {tf.float32}
    assert float(tf.reduce_sum(answer["scores"])) == pytest.approx(1, abs=1e-6)


def test_classes_weigh_as_they_are_told_to_in_both_phases(two_classes, fn_args_of):
    args, found = fn_args_of(two_classes, ["dog", "cat", "cat", "cat"] * 2, SETTINGS), {}
    for name, weights in (("none", None), ("balanced", "balanced"), ("named", {"dog": 3.0})):
        args.custom_config["trainer"]["class_weights"] = weights
        run_fn(args)
        found[name] = read_curves(args.model_run_dir)
    assert found["none"].class_weights == {}
    for each in found["balanced"], found["named"]:
        assert each.class_weights == pytest.approx({"cat": 2 / 3, "dog": 2})
    for metric in ("loss", "val_loss"):
        assert found["named"].metrics[metric] == pytest.approx(found["balanced"].metrics[metric], rel=1e-4)
        assert all(np.abs(np.subtract(found["balanced"].metrics[metric], found["none"].metrics[metric])) > 1e-3)


def test_steps_per_execution_changes_nothing_but_the_calls(tmp_path):
    plain = SETTINGS.model_copy(update={"augmentation": Augmentation(horizontal_flip=False, rotation=0)})
    found = []
    for steps in (1, 3):
        settings = plain.model_copy(update={"steps_per_execution": steps})
        model, base = built(settings)
        photos = tf.data.Dataset.from_tensor_slices(batch(16)).batch(4)
        lesson = Lesson(model, TrainingData(lambda _, photos=photos: photos, photos))
        curves = train(model, base, "logit", (lesson, lesson), settings, str(tmp_path / str(steps)))
        found.append({name: values for name, values in curves.metrics.items() if name != "seconds"})
    assert len(found[0]["loss"]) == 3
    for name, values in found[0].items():
        assert found[1][name] == pytest.approx(values, rel=1e-4), name
