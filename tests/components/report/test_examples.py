import base64
import io

import tensorflow as tf
from PIL import Image

from components.report.examples import SAMPLES_PER_CLASS, picture, sample_of, samples_by_class


def decoded(uri):
    head, data = uri.split(",", 1)
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def encoded(size, orientation=None, mode="RGB"):
    photo, file = Image.new(mode, size), io.BytesIO()
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    photo.save(file, "PNG" if mode == "RGBA" else "JPEG", exif=exif)
    return file.getvalue()


def example(label, **columns):
    found = tf.train.Example()
    found.features.feature["label"].bytes_list.value.append(label.encode())
    for name, value in columns.items():
        kind = {int: "int64_list", float: "float_list", bytes: "bytes_list"}[type(value)]
        getattr(found.features.feature[name], kind).value.append(value)
    return found.SerializeToString()


def test_a_picture_is_small_and_upright():
    assert decoded(picture(encoded((400, 200)))).size == (160, 80)
    assert decoded(picture(encoded((400, 200), orientation=6))).size == (80, 160)
    assert decoded(picture(encoded((40, 20), mode="RGBA"))).mode == "RGB"


def test_a_row_is_its_columns_as_text():
    found = sample_of(example("dog", width=3, mass=0.25, name="é".encode()))
    assert found.columns == {"mass": "0.25", "name": "é", "width": "3"}
    assert (found.label, found.picture) == ("dog", "")


def test_the_place_of_a_row_is_no_column():
    found = sample_of(example("dog", width=3, **{"row/place": b"n 007"}))
    assert (found.place, found.columns) == ("n 007", {"width": "3"})


def test_columns_are_ordered_by_their_numbers():
    example = tf.train.Example()
    for name in ("c10", "c2", "c1"):
        example.features.feature[name].float_list.value.append(1.0)
    assert list(sample_of(example.SerializeToString()).columns) == ["c1", "c2", "c10"]


def test_each_class_has_a_few_samples(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a.gz"), "GZIP") as writer:
        for number in range(20):
            writer.write(example("cat" if number < 15 else "dog", number=number))
    found = samples_by_class([str(tmp_path / "a.gz")])
    assert {label: len(samples) for label, samples in found.items()} == {"cat": SAMPLES_PER_CLASS, "dog": 5}
