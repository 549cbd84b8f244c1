import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from leftovers import plant

from components.answering import read_answering
from components.arrow import pc
from components.contract import FEATURES
from components.csv_example_gen.encode import encode_each, gzipped_records
from components.errors import TransferlineError
from components.ingest.record_files import shard_name
from components.trainer.curves import read_curves
from components.trainer.mlp.config import MLP
from components.trainer.mlp.dataset import load_rows
from components.trainer.mlp.one_model import describe, load, loss_scales
from components.trainer.mlp.run_fn import run_fn
from components.trainer.model_summary import find_summary
from components.trainer.trees.config import Trees

ONE = {"wide": MLP(widths=(16,))}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("exported")


@pytest.fixture
def exported(fn_args, scratch):
    """Folders of a trained model and its run, made once."""
    if not (scratch / "model").exists():
        run_fn(fn_args(ONE, serving_model_dir=str(scratch / "model"), model_run_dir=str(scratch / "run")))
    return scratch / "model", scratch / "run"


def test_rows_are_packed_standardised_and_filled_by_the_mean(fn_args, data):
    described = describe(fn_args(ONE))
    assert tuple(described.layout.columns) == ("a", "b", "n")
    assert described.class_names == ("no", "yes")
    _, train = data
    loaded = load(fn_args(ONE), described, ONE)[FEATURES].train
    rows = np.empty([loaded.rows, 4], np.float32)
    loaded.read(0, rows)
    features, ids = rows[:, :-1], rows[:, -1]
    assert features.shape == (1200, 3)
    assert features.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-4)
    assert features.std(axis=0)[[0, 2]] == pytest.approx([1, 1], abs=1e-3)
    missing = train["b"].is_null().to_numpy()
    assert missing.any()
    assert features[missing, 1] == pytest.approx(0, abs=1e-4)
    np.testing.assert_array_equal(ids, np.array(train["label"]) == "yes")


def test_weights_are_packed_beside_the_features(fn_args, data):
    described = describe(fn_args(ONE))
    folder, train = data
    files = [str(folder / "train.gz")]
    loaded = load_rows(files, described.tft_output, described.class_names, [FEATURES], weight="n")[FEATURES]
    rows = np.empty([loaded.rows, 5], np.float32)
    loaded.read(0, rows)
    weights = np.array(train["n"])
    np.testing.assert_array_equal(rows[:, 3], weights)
    second = np.array(train["label"]) == "yes"
    np.testing.assert_array_equal(rows[:, 4], second)
    assert loaded.by_class == {0: weights[~second].sum(), 1: weights[second].sum()}
    scales = loss_scales(described.settings, described.class_names, loaded)
    assert (scales[second.astype(int)] * weights).mean() == pytest.approx(1)


def test_rows_that_all_weigh_nothing_are_an_error(fn_args, data, tmp_path):
    _, train = data
    (tmp_path / "none.gz").write_bytes(gzipped_records(train.filter(pc.equal(train["n"], 0))))
    described = describe(fn_args(ONE))
    with pytest.raises(TransferlineError, match="rows have the weight 0, so that none counts") as caught:
        load_rows([str(tmp_path / "none.gz")], described.tft_output, described.class_names, [FEATURES], weight="n")
    assert caught.value.place.startswith("data.weight, ")


def test_class_weights_are_told_with_the_curves(fn_args, tmp_path):
    args = fn_args(ONE)
    args.custom_config["trainer"] |= {"class_weights": {"yes": 3.0}, "max_epochs": 1}
    run_fn(args)
    assert read_answering(args.serving_model_dir).gives_up_accuracy
    weights = read_curves(args.model_run_dir).class_weights
    assert weights["yes"] == pytest.approx(3 * weights["no"])


def test_several_files_are_read_in_the_same_order_each_time(fn_args, data, tmp_path):
    _, train = data
    for number in range(6):
        (tmp_path / f"{number}.gz").write_bytes(gzipped_records(train.slice(200 * number, 200)))
    found = [np.empty([1200, 4], np.float32) for _ in range(2)]
    for rows in found:
        args = fn_args(ONE, train_files=[str(tmp_path / "*.gz")])
        load(args, describe(args), ONE)[FEATURES].train.read(0, rows)
    np.testing.assert_array_equal(*found)
    assert len(np.unique(found[0], axis=0)) == 1200


def test_what_lies_beside_the_records_is_not_read(fn_args, data, tmp_path):
    _, train = data
    split = tmp_path / "Split-train"
    plant(split)
    for number in range(2):
        (split / shard_name(number, 2)).write_bytes(gzipped_records(train.slice(600 * number, 600)))
    args = fn_args(ONE, train_files=[f"{split}/*"])
    assert load(args, describe(args), ONE)[FEATURES].train.rows == 1200


def test_packed_rows_lie_beside_the_outputs_and_leave_nothing(fn_args, tmp_path):
    outputs = tmp_path / "run"
    outputs.mkdir()
    args = fn_args(ONE)
    assert load(args, describe(args), ONE)[FEATURES].train.place == str(outputs)
    assert list(outputs.iterdir()) == []


def test_a_split_without_rows_is_named(fn_args, tmp_path):
    tf.io.TFRecordWriter(str(tmp_path / "data_tfrecord-00000-of-00001.gz"), "GZIP").close()
    args = fn_args(ONE, eval_files=[f"{tmp_path}/*"])
    with pytest.raises(TransferlineError, match="no rows to train with") as error:
        load(args, describe(args), ONE)
    assert error.value.place == f"{tmp_path}/*"


def test_the_exported_model_answers_examples_and_rows_alike(exported, data):
    model_folder, run_folder = exported
    model = tf.saved_model.load(str(model_folder))
    _, train = data
    table = train.slice(0, 50)
    by_example = model.signatures["serving_default"](examples=tf.constant(encode_each(table)))
    rows = np.column_stack([table[name].to_numpy().astype(np.float32) for name in ("a", "b", "n")])
    assert np.isnan(rows).any()
    by_row = model.signatures["rows"](rows=tf.constant(rows))
    np.testing.assert_allclose(by_example["probability"], by_row["probability"], rtol=1e-5)
    np.testing.assert_allclose(np.sum(by_row["scores"], axis=1), 1, rtol=1e-5)
    hits = by_row["label"].numpy().astype(str) == np.array(table["label"])
    assert hits.mean() > 0.8
    assert by_row["class_names"].numpy()[0].tolist() == [b"no", b"yes"]
    assert json.loads((model_folder / "assets.extra" / "class_names.json").read_text()) == ["no", "yes"]
    summary = find_summary(str(run_folder))
    assert [(layer.kind, layer.output, layer.parameters, layer.trained) for layer in summary.layers] == [
        ("InputLayer", (3,), 0, (0,)),
        ("Dense", (16,), 64, (64,)),
        ("Dense", (1,), 17, (17,)),
    ]
    assert summary.export_bytes == sum(file.stat().st_size for file in model_folder.rglob("*") if file.is_file())
    curves = read_curves(str(run_folder))
    assert curves.model == "wide"
    assert len(curves.epochs) == len(curves.metrics["val_binary_crossentropy"])


def test_what_is_served_is_normalised_by_the_averages_of_the_training(fn_args, data):
    """An answer doesn't depend on what else is asked."""
    run_fn(args := fn_args({"normalised": MLP(widths=(16,), batch_normalization=True)}))
    signatures = tf.saved_model.load(args.serving_model_dir).signatures
    folder, _ = data
    (examples,) = tf.data.TFRecordDataset(str(folder / "eval.gz"), "GZIP").batch(300)
    together = signatures["serving_default"](examples=examples)["scores"].numpy()
    alone = [signatures["serving_default"](examples=examples[at : at + 1])["scores"].numpy()[0] for at in range(5)]
    np.testing.assert_allclose(together[:5], alone, rtol=1e-5)
    ids = signatures["transform_labels"](examples=examples)["label_id"].numpy()
    best = min(read_curves(args.model_run_dir).metrics["val_binary_crossentropy"])
    assert -np.log(together[np.arange(300), ids]).mean() == pytest.approx(best, rel=1e-4)


def test_labels_and_slices_for_the_evaluator(exported, data):
    signatures = tf.saved_model.load(str(exported[0])).signatures
    _, train = data
    examples = tf.constant(encode_each(train))
    np.testing.assert_array_equal(
        signatures["transform_labels"](examples=examples)["label_id"], np.array(train["label"]) == "yes"
    )
    slices = signatures["transform_slices"](examples=examples)
    a, quarter = train["a"].to_numpy(), slices["a_quarter"].numpy()
    assert sorted(set(quarter)) == [1, 2, 3, 4]
    assert np.bincount(quarter)[1:] / 1200 == pytest.approx([0.25] * 4, abs=0.02)
    assert a[quarter == 1].max() <= a[quarter == 2].min()
    present = ~train["b"].is_null().to_numpy()
    b = train["b"].to_numpy()
    expected = (a > 0).astype(int) + (b > 0)
    np.testing.assert_array_equal(slices["positive"].numpy()[present], expected[present])


def test_the_model_loads_without_this_project(exported, tmp_path):
    code = (
        "import sys, tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        "print(model.signatures['rows'](rows=tf.zeros([2, 3]))['label'].shape)\n"
        "ours = {'components', 'tf_keras', 'tensorflow_transform'}\n"
        "assert not ours & {name.split('.')[0] for name in sys.modules}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(exported[0])], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout == "(2,)\n", done.stderr


def test_several_models_without_a_tuner(fn_args):
    with pytest.raises(TransferlineError, match="2 models to train and no Tuner"):
        run_fn(fn_args())


@pytest.mark.parametrize("model", [MLP(widths=(16,)), Trees(iterations=20)])
def test_the_cut_finds_what_was_asked_for_and_probabilities_are_calibrated(fn_args, data, model):
    args = fn_args({"only": model})
    asked = {"calibrate": True, "operating_point": {"kind": "at_recall", "recall": 0.95}, "max_epochs": 5}
    args.custom_config["trainer"] |= asked
    run_fn(args)

    answering = read_answering(args.serving_model_dir)
    folder, _ = data
    (examples,) = tf.data.TFRecordDataset(str(folder / "eval.gz"), "GZIP").batch(300)
    answer = tf.saved_model.load(args.serving_model_dir).signatures["serving_default"](examples=examples)
    probability, answered = answer["probability"].numpy(), answer["label"].numpy() == b"yes"
    labels = [
        tf.train.Example.FromString(each).features.feature["label"].bytes_list.value[0] for each in examples.numpy()
    ]
    is_yes = np.array(labels) == b"yes"
    np.testing.assert_array_equal(answered, probability > np.float32(answering.cut))
    assert 0.95 <= answered[is_yes].mean() < 0.97
    calibration = answering.calibration
    assert calibration.examples == 300
    assert answering.temperature == calibration.temperature != 1.0
    # What is served has the cross-entropy that calibration ends with.
    of_label = np.where(is_yes, probability, 1 - probability)
    assert -np.log(of_label).mean() == pytest.approx(calibration.after.crossentropy, rel=1e-4)
    assert calibration.after.crossentropy < calibration.before.crossentropy
