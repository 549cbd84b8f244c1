import math

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from components.errors import TransferlineError
from components.trainer.mlp import training
from components.trainer.mlp.config import MLP, PRESETS, MLPTraining
from components.trainer.mlp.model import build_model
from components.trainer.mlp.one_model import loss_scales
from components.trainer.mlp.packed_rows import PackedRows
from components.trainer.mlp.training import EpochRunner, TrainingRows, log_to_tensorboard, train

PLAIN = MLP(widths=(8,))
NORMALISED = MLP(widths=(8,), batch_normalization=True)


def arrays(rows, seed=0, classes=2):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 4)).astype(np.float32)
    score = features[:, 0] + 0.5 * features[:, 1] + 0.3 * rng.normal(size=rows)
    return features, np.digitize(score, np.linspace(-0.5, 0.5, classes - 1) if classes > 2 else [0.0])


def packed(rows, seed=0, classes=2):
    found = PackedRows(4)
    found.add(np.column_stack(arrays(rows, seed, classes)))
    return found


def order_of(runner, epoch):
    (count,) = runner._train
    return runner._order(*map(tf.constant, (count, epoch, 0))).numpy()


@pytest.fixture(scope="module")
def rows():
    return TrainingRows(packed(1000), packed(200, seed=1))


def settings(**changes):
    return MLPTraining(**{"models": {"plain": PLAIN}, "batch_size": 100, "patience": 5, **changes})


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("tiny", 481),
        ("small", 753),
        ("medium", 10_241),
        ("large", 803_329),
        ("l1", 803_329),
        ("l2", 803_329),
        ("combined", 803_329),
    ],
)
def test_the_presets_have_the_parameters_of_the_original(name, parameters):
    assert build_model(PRESETS[name], 28, 2, seed=0).count_params() == parameters


def test_the_presets_penalty_on_absolute_values_trains_and_makes_them_smaller(rows):
    found = {}
    for name in ("large", "l1"):
        model = build_model(PRESETS[name], 4, 2, seed=0)
        curves = train(model, rows, settings(max_epochs=4))
        kernels = [kernel.numpy() for kernel in model.trainable_variables if len(kernel.shape) == 2]
        found[name] = curves, [float(np.abs(kernel).sum()) for kernel in kernels]
    (_, of_large), (curves, of_l1) = found.values()
    assert max(curves.metrics["val_accuracy"]) > 0.8
    assert sum(of_l1[:-1]) < 0.98 * sum(of_large[:-1])
    # The head has none.
    penalty = curves.metrics["val_loss"][-1] - curves.metrics["val_binary_crossentropy"][-1]
    assert penalty == pytest.approx(1e-5 * sum(of_l1[:-1]), rel=0.05)
    assert "l1" not in MLPTraining().models


def adamw(schedule):
    found = keras.optimizers.AdamW(schedule, weight_decay=2.0)
    found.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    return found


@pytest.mark.parametrize(
    ("described", "changes", "optimizer"),
    [
        (MLP(widths=(8,), l2=0.01), {}, keras.optimizers.Adam),
        (MLP(widths=(8,), l2=0.01, batch_normalization=True), {}, keras.optimizers.Adam),
        (MLP(widths=(8,), batch_normalization=True), {"optimizer": "adamw", "weight_decay": 2.0}, adamw),
        (MLP(widths=(8,)), {"optimizer": "adamw", "weight_decay": 2.0}, adamw),
    ],
    ids=["adam", "normalised", "normalised adamw", "adamw"],
)
def test_an_epoch_is_what_keras_does_with_the_same_batches(rows, described, changes, optimizer):
    """One step a batch, the penalised loss, inverse time decay: the same weights as by `train_on_batch`."""
    ours, theirs = (build_model(described, 4, 2, seed=0) for _ in range(2))
    runner = EpochRunner(ours, rows, settings(**changes))
    order = order_of(runner, 0)
    (features, ids), validation = arrays(1000), arrays(200, seed=1)
    values = runner.run(0)

    schedule = keras.optimizers.schedules.InverseTimeDecay(0.001, 10 * 1000, 1)
    cross_entropy = keras.metrics.BinaryCrossentropy(from_logits=True, name="binary_crossentropy")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    measured = [cross_entropy, keras.metrics.BinaryAccuracy(threshold=0.0)]
    theirs.compile(optimizer(schedule), loss, measured, run_eagerly=True)
    for batch in order:
        found = theirs.train_on_batch(features[batch], ids[batch], reset_metrics=False)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    assert [values["loss"], values["binary_crossentropy"], values["accuracy"]] == pytest.approx(found, rel=1e-4)
    validated = theirs.evaluate(*validation, batch_size=200, verbose=0)
    assert [values[f"val_{name}"] for name in ("loss", "binary_crossentropy", "accuracy")] == pytest.approx(
        validated, rel=1e-4
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_a_weighted_epoch_is_what_keras_does_with_such_weights(weighted):
    described = MLP(widths=(8,), l2=0.01)
    (features, ids), (others, other_ids) = arrays(1000), arrays(200, seed=1)
    chance = np.random.default_rng(0)
    own, their_own = (chance.random(count).astype(np.float32) * 3 if weighted else None for count in (1000, 200))
    packed_rows = []
    for numbers, classes, weights in (features, ids, own), (others, other_ids, their_own):
        packed_rows.append(PackedRows(4, weighted=weighted))
        packed_rows[-1].add(np.column_stack([numbers, *([] if weights is None else [weights]), classes]))
    changed = settings(class_weights={"yes": 5})
    scales = loss_scales(changed, ("no", "yes"), packed_rows[0])
    of_each, of_others = scales[ids], scales[other_ids]
    if weighted:
        of_each, of_others = of_each * own, of_others * their_own
    assert of_each.mean() == pytest.approx(1, rel=1e-5)

    ours, theirs = (build_model(described, 4, 2, seed=0) for _ in range(2))
    runner = EpochRunner(ours, TrainingRows(*packed_rows, scales), changed)
    order = order_of(runner, 0)
    values = runner.run(0)
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.001, 10 * 1000, 1)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    theirs.compile(keras.optimizers.Adam(schedule), loss, run_eagerly=True)
    for batch in order:
        theirs.train_on_batch(features[batch], ids[batch], sample_weight=of_each[batch])
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    logits = theirs.predict(others, verbose=0)[:, 0]
    crossentropies = np.logaddexp(0, np.where(other_ids == 1, -logits, logits))
    expected = np.average(crossentropies, weights=of_others)
    assert values["val_binary_crossentropy"] == pytest.approx(expected, rel=1e-4)
    assert values["val_loss"] == pytest.approx(expected + float(sum(theirs.losses)), rel=1e-4)
    assert values["val_accuracy"] == pytest.approx(np.mean((logits > 0) == other_ids))


def test_weights_find_more_of_a_rare_class_and_say_it_too_often():
    """One row in 51, some of which can't be told from the others."""

    def rare(rows, seed):
        rng = np.random.default_rng(seed)
        ids = (np.arange(rows) % 51 == 0).astype(np.int64)
        features = rng.normal(size=(rows, 4)).astype(np.float32)
        features[:, :2] += 1.2 * ids[:, np.newaxis]
        return features, ids

    (features, ids), (others, other_ids), (test, test_ids) = rare(10_200, 0), rare(5_100, 1), rare(20_400, 2)
    found = {}
    for name, weights in (("plain", None), ("balanced", "balanced")):
        split = [PackedRows(4) for _ in range(2)]
        split[0].add(np.column_stack([features, ids]))
        split[1].add(np.column_stack([others, other_ids]))
        changed = settings(class_weights=weights, max_epochs=15, learning_rate=0.01)
        model = build_model(PLAIN, 4, 2, seed=0)
        train(model, TrainingRows(*split, loss_scales(changed, ("no", "yes"), split[0])), changed)
        scores = tf.sigmoid(model(test)[:, 0]).numpy()
        hits = [(scores > 0.5)[test_ids == number] == number for number in (0, 1)]
        found[name] = {
            "recall": hits[1].mean(),
            "balanced": (hits[0].mean() + hits[1].mean()) / 2,
            "calibration": scores.mean() / test_ids.mean(),
        }
    assert found["plain"]["recall"] < 0.2
    assert found["balanced"]["recall"] > 0.7
    assert found["balanced"]["balanced"] > found["plain"]["balanced"] + 0.15
    assert found["plain"]["calibration"] == pytest.approx(1, abs=0.15)
    assert found["balanced"]["calibration"] > 5


def test_what_is_measured_before_the_first_step_is_what_keras_measures(rows):
    model = build_model(MLP(widths=(8,), l2=0.01, dropout=0.5), 4, 2, seed=0)
    cross_entropy = keras.metrics.BinaryCrossentropy(from_logits=True)
    model.compile(
        "adam",
        keras.losses.BinaryCrossentropy(from_logits=True),
        [cross_entropy, keras.metrics.BinaryAccuracy(threshold=0.0)],
        run_eagerly=True,
    )
    expected = {}
    for prefix, split in (("", arrays(1000)), ("val_", arrays(200, seed=1))):
        names = (f"{prefix}{name}" for name in ("loss", "binary_crossentropy", "accuracy"))
        expected |= dict(zip(names, model.evaluate(*split, batch_size=1000, verbose=0), strict=True))
    curves = train(model, rows, settings(max_epochs=2))
    assert curves.initial == pytest.approx(expected, rel=1e-4)
    assert len(curves.metrics["loss"]) == len(curves.epochs) == 2


def test_every_epoch_has_an_order_of_its_own_and_takes_each_row_once(rows):
    runner = EpochRunner(build_model(PLAIN, 4, 2, 0), rows, settings())
    first, second = (order_of(runner, epoch) for epoch in (0, 1))
    assert sorted(first.ravel()) == sorted(second.ravel()) == list(range(1000))
    assert (first != second).any()
    np.testing.assert_array_equal(first, order_of(runner, 0))


@pytest.mark.parametrize("steps", [1, 3, None])
def test_steps_per_execution_changes_nothing_but_the_calls(rows, steps):
    model = build_model(PLAIN, 4, 2, seed=0)
    values = EpochRunner(model, rows, settings(steps_per_execution=steps)).run(0)
    assert values["loss"] == pytest.approx(EpochRunner(build_model(PLAIN, 4, 2, 0), rows, settings()).run(0)["loss"])


@pytest.mark.parametrize("normalised", [False, True])
def test_training_stops_by_patience_and_keeps_the_best_weights(rows, normalised):
    """The averages of batch normalisation are those of the best epoch, too."""
    model = build_model(MLP(widths=(64, 64), batch_normalization=normalised), 4, 2, seed=0)
    curves = train(model, rows, settings(learning_rate=0.02, max_epochs=200))
    values = curves.metrics["val_binary_crossentropy"]
    assert curves.best_epoch == 1 + int(np.argmin(values))
    assert len(values) == curves.best_epoch + 5 < 200
    features, ids = arrays(200, seed=1)
    logits = model(features)[:, 0]
    found = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(ids.astype(np.float32), logits))
    assert float(found) == pytest.approx(min(values), rel=1e-5)
    assert values[-1] > min(values)


def test_a_normalised_layer_has_mean_0_and_variance_1_of_the_batch_and_no_bias():
    model = build_model(NORMALISED, 4, 2, seed=0)
    dense, normalisation = model.layers[1:3]
    assert not dense.use_bias
    features, _ = arrays(500)
    sums = keras.Model(model.input, normalisation.output)(5 * features + 3, training=True).numpy()
    assert sums.mean(axis=0) == pytest.approx([0] * 8, abs=1e-5)
    assert sums.std(axis=0) == pytest.approx([1] * 8, abs=1e-2)


def test_the_learning_rate_halves_after_the_epochs_of_decay(rows):
    curves = train(build_model(PLAIN, 4, 2, 0), rows, settings(decay_epochs=10, max_epochs=11, patience=100))
    assert curves.metrics["learning_rate"][0] == pytest.approx(1e-3)
    assert curves.metrics["learning_rate"][10] == pytest.approx(5e-4)


def test_the_same_seed_trains_the_same_model(rows):
    described = MLP(widths=(8,), dropout=0.5)
    found = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(seed)
        model = build_model(described, 4, 2, seed)
        found.append(train(model, rows, settings(max_epochs=3, seed=seed)).metrics["loss"])
    assert found[0] == pytest.approx(found[1])
    assert found[0] != pytest.approx(found[2])


def test_more_than_two_classes():
    rows = TrainingRows(packed(1000, classes=4), packed(200, seed=1, classes=4))
    model = build_model(MLP(widths=(32,)), 4, 4, seed=0)
    curves = train(model, rows, settings(max_epochs=40, learning_rate=0.01))
    assert model.output_shape == (None, 4)
    assert max(curves.metrics["val_accuracy"]) > 0.6


def test_a_training_that_diverges_is_an_error():
    broken = packed(1000)
    broken.add(np.array([[math.inf, 0, 0, 0, 1]]))
    with pytest.raises(TransferlineError, match="The loss became"):
        train(build_model(PLAIN, 4, 2, 0), TrainingRows(broken, packed(100)), settings(max_epochs=3))
    with pytest.raises(TransferlineError, match="The validation loss became"):
        train(build_model(PLAIN, 4, 2, 0), TrainingRows(packed(100), broken), settings(max_epochs=3))


def test_fewer_rows_than_a_batch_are_one_batch():
    runner = EpochRunner(build_model(PLAIN, 4, 2, 0), TrainingRows(packed(30), packed(20)), settings())
    assert runner.steps == 1
    assert math.isfinite(runner.run(0)["loss"])


def test_tensorboard_gets_both_splits(rows, tmp_path):
    curves = train(build_model(PLAIN, 4, 2, 0), rows, settings(max_epochs=3))
    log_to_tensorboard(curves, str(tmp_path))
    found = {}
    for run in ("train", "validation"):
        (file,) = (tmp_path / run).iterdir()
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                found.setdefault((run, value.tag), []).append(float(tf.make_ndarray(value.tensor)))
    assert found["validation", "epoch_binary_crossentropy"] == pytest.approx(
        curves.metrics["val_binary_crossentropy"], rel=1e-5
    )
    assert found["train", "epoch_loss"] == pytest.approx(curves.metrics["loss"], rel=1e-5)
    assert len(found["train", "epoch_learning_rate"]) == 3


@pytest.mark.parametrize(
    ("described", "precision", "changes"),
    [
        (PRESETS["tiny"], "float32", {}),
        (PRESETS["combined"], "float32", {}),
        (PRESETS["tiny"], "mixed_bfloat16", {}),
        (NORMALISED, "mixed_bfloat16", {"optimizer": "adamw", "weight_decay": 0.01}),
    ],
    ids=["tiny", "combined", "tiny in bfloat16", "normalised in bfloat16 by adamw"],
)
def test_xla_compiles_training_and_validation_with_static_shapes(described, precision, changes, monkeypatch):
    """A TPU needs that; it may refuse more."""
    monkeypatch.setattr(training, "VALIDATED_ROWS", 64)
    rows = TrainingRows(packed(1000), packed(200, seed=1))
    runner = EpochRunner(build_model(described, 4, 2, 0, precision), rows, settings(**changes))
    compiled = tf.function(runner._steps_graph, autograph=False, jit_compile=True)
    order = order_of(runner, 0)
    assert order.shape == (10, 100)
    assert np.isfinite(compiled(order, tf.constant(0), tf.constant(2)).numpy()).all()
    validated = tf.function(runner._validation_graph, autograph=False, jit_compile=True)
    found = validated(runner._validation, 200).numpy()
    assert found == pytest.approx(runner._validate(runner._validation, 200).numpy(), rel=1e-2)


def test_rows_are_in_a_variable_and_not_handed_to_each_step():
    rows = TrainingRows(packed(100_000), packed(50_000, seed=1))
    runner = EpochRunner(build_model(PLAIN, 4, 2, 0), rows, settings())
    np.testing.assert_array_equal(runner._train.rows.numpy()[:, :4], arrays(100_000)[0])
    for function in (
        runner._run_steps.get_concrete_function(),
        runner._validate.get_concrete_function(runner._validation, 50_000),
    ):
        assert not any(each.dtype == tf.float32 for each in function.inputs)
        assert function.graph.as_graph_def().ByteSize() < rows.validation.nbytes / 2


@pytest.mark.parametrize("part", [64, 100, 200, 2**16])
def test_validation_by_parts_is_validation_of_all_rows(rows, part, monkeypatch):
    monkeypatch.setattr(training, "VALIDATED_ROWS", part)
    runner = EpochRunner(build_model(MLP(widths=(8,), l2=0.01), 4, 2, 0), rows, settings())
    found = runner._validate(runner._validation, 200).numpy()
    model = build_model(MLP(widths=(8,), l2=0.01), 4, 2, 0)
    features, ids = arrays(200, seed=1)
    logits = model(features)[:, 0].numpy()
    crossentropy = np.logaddexp(0, np.where(ids == 1, -logits, logits)).sum()
    expected = [crossentropy + 200 * float(sum(model.losses)), crossentropy, np.sum((logits > 0) == ids)]
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("normalised", [False, True])
def test_mixed_precision_computes_in_bfloat16_between_floats(rows, normalised):
    described = MLP(widths=(16,), dropout=0.2, l2=0.01, batch_normalization=normalised)
    model = build_model(described, 4, 2, 0, "mixed_bfloat16")
    assert model.layers[1].compute_dtype == "bfloat16"
    assert {variable.dtype for variable in model.variables} == {tf.float32}
    assert model(arrays(2)[0], training=True).dtype == tf.float32
    curves = train(model, rows, settings(max_epochs=20, learning_rate=0.02))
    assert curves.metrics["val_accuracy"][-1] > 0.8


def test_rows_beyond_memory_train_as_well_and_each_once_an_epoch(caplog):
    """Of 4,000 rows in order of their class memory takes 1,500 at most: a third, two in use and one being read."""
    features, ids = arrays(4000)
    by_class = np.argsort(ids, kind="stable")
    rows = TrainingRows(PackedRows(4), packed(200, seed=1))
    rows.train.add(np.column_stack([features[by_class], ids[by_class]]))
    found = {}
    with caplog.at_level("INFO"):
        for memory in (rows.train.row_bytes * 1500, 2**20):
            model = build_model(PLAIN, 4, 2, 0)
            found[memory] = train(model, rows, settings(cache_bytes=memory, max_epochs=20, learning_rate=0.02))
    assert [record.message.rpartition(" ")[2] for record in caplog.records if "packed rows" in record.message]
    # Before the first step the training rows are measured where they are in memory.
    assert ["loss" in curves.initial for curves in found.values()] == [False, True]
    streamed, held = (curves.metrics["val_binary_crossentropy"] for curves in found.values())
    assert streamed[-1] == pytest.approx(held[-1], abs=0.02)
