"""How a step computes: compiled by XLA, in bfloat16, several at once. The base is a small one."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from small_photo_trainer import run_fn, small_base

from components.answering import read_answering
from components.progress import heard_by
from components.trainer.curves import read_curves
from components.trainer.transfer_learning.callbacks import learning_rate_of
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
def test_xla_compiles_training_and_validation_with_static_shapes(fine_tuning, precision):
    """A TPU needs that; it may refuse more."""
    every = Augmentation(zoom=0.2, translation=0.1, crop=0.1, contrast=0.2, brightness=0.1)
    model, base = built(SETTINGS.model_copy(update={"precision": precision, "augmentation": every}))
    assert [layer.name for layer in model.layers[1:8]] == [
        *("random_flip", "random_rotation", "random_zoom", "random_translation"),
        *("random_crop", "random_contrast", "random_brightness"),
    ]
    if fine_tuning:
        unfreeze(base, 1)
    model.compile(keras.optimizers.Adam(0.1), loss_of("logit"), weighted_metrics=metrics_of("logit"))
    model.optimizer.build(model.trainable_variables)
    photos, ids = batch(4)
    before = [variable.numpy() for variable in model.trainable_variables]
    step = tf.function(model.train_step, jit_compile=True, autograph=False)
    values = step((tf.constant(photos), tf.constant(ids)))
    assert np.isfinite(float(values["loss"]))
    for variable, old in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(variable.numpy(), old), variable.name
    weights = tf.constant([1.0, 1.0, 1.0, 0.0])
    validated = tf.function(model.test_step, jit_compile=True, autograph=False)
    model.reset_metrics()
    values = validated((tf.constant(photos), tf.constant(ids), weights))
    expected = loss_of("logit")(ids[:3, np.newaxis], model(photos[:3], training=False))
    assert float(values["loss"]) == pytest.approx(0.75 * float(expected), rel=1e-2)


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
        assert read_answering(args.serving_model_dir).gives_up_accuracy == (name != "none")
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


def trained(tmp_path, validation, **update):
    """Trains on one batch; returns the curves, the model, and the validation data."""
    still = {"augmentation": Augmentation(horizontal_flip=False, rotation=0), "dropout": 0}
    settings = SETTINGS.model_copy(update=still | update)
    model, base = built(settings)
    photos, ids = batch(8)
    data = tf.data.Dataset.from_tensors((photos, ids))
    other = tf.data.Dataset.from_tensors((photos, validation(ids)))
    lesson = Lesson(model, TrainingData(lambda _: data, other))
    return train(model, base, "logit", (lesson, lesson), settings, str(tmp_path)), model, other


PHASES = {
    "feature_extraction": FeatureExtraction(epochs=4, learning_rate=0.1),
    "fine_tuning": FineTuning(epochs=4, from_layer=1, learning_rate=0.001),
}


@pytest.mark.parametrize(
    ("name", "best"), [("right", True), ("a third wrong", True), ("wrong", True), ("wrong", False)]
)
def test_the_weights_of_the_epoch_that_validated_best_are_kept(tmp_path, name, best):
    labels = {
        "right": lambda ids: ids,
        "wrong": lambda ids: 1 - ids,
        "a third wrong": lambda ids: np.where(np.arange(8) % 3 == 1, 1 - ids, ids),
    }
    curves, model, validation = trained(tmp_path, labels[name], restore_best_weights=best, **PHASES)
    losses = curves.metrics["val_loss"]
    assert curves.epochs == (1, 2, 3, 4, 5, 6, 7, 8)
    assert curves.fine_tuning_starts_at == 4
    assert curves.best_epoch == (1 + int(np.argmin(losses)) if best else None)
    kept = losses[curves.best_epoch - 1] if best else losses[-1]
    assert model.evaluate(validation, verbose=0)[0] == pytest.approx(kept, rel=1e-4)
    if name == "wrong":
        assert int(np.argmin(losses)) == 0
        # Phase 2 began with the weights of epoch 1: those of epoch 4 are far worse.
        assert (losses[4] < losses[3]) == best


def test_a_phase_ends_when_it_was_patient_for_long_enough(tmp_path):
    heard = []
    with heard_by(heard.append):
        curves, _, _ = trained(
            tmp_path, lambda ids: 1 - ids, **{name: PHASES[name].model_copy(update={"patience": 2}) for name in PHASES}
        )
    assert curves.epochs == (1, 2, 3, 4, 5, 6)
    assert (curves.fine_tuning_starts_at, curves.best_epoch) == (3, 1)
    # What the second phase might have had begins where patience ended the first.
    assert [epoch for epoch, _ in curves.schedule] == [0, 1, 2, 3, 4, 3, 4, 5, 6, 7]
    assert [(each.done, each.total, each.unit) for each in heard] == [
        *((done, total, "epochs of phase 1") for done, total in ((1, 4), (2, 4), (3, 3))),
        *((done, total, "epochs of phase 2") for done, total in ((1, 4), (2, 4), (3, 3))),
    ]
    assert [each.line.partition(":")[0] for each in heard] == [f"epoch {number}" for number in range(1, 7)]


def test_the_learning_rate_follows_half_a_cosine_in_each_phase(tmp_path):
    cosine = {name: PHASES[name].model_copy(update={"schedule": "cosine", "patience": 3}) for name in PHASES}
    curves, model, _ = trained(tmp_path, lambda ids: ids, **cosine)
    decays = [keras.optimizers.schedules.CosineDecay(rate, 4) for rate in (0.1, 0.001)]  # an epoch is a step here
    expected = [float(decay(step)) for decay in decays for step in range(4)]
    assert curves.metrics["learning_rate"] == pytest.approx(expected)
    planned = [float(decay(step)) for decay in decays for step in range(5)]
    np.testing.assert_allclose(curves.schedule, list(zip((*range(5), *range(4, 9)), planned, strict=True)), atol=1e-9)
    assert int(model.optimizer.iterations) == 4
    assert learning_rate_of(model.optimizer) == pytest.approx(0, abs=1e-9)
    constant, _, _ = trained(tmp_path / "constant", lambda ids: ids, **PHASES)
    assert curves.metrics["loss"][:2] == pytest.approx(constant.metrics["loss"][:2])
    assert curves.metrics["loss"][3] != pytest.approx(constant.metrics["loss"][3], rel=1e-3)
