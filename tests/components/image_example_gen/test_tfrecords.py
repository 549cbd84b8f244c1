import gzip
import json
import struct

import google_crc32c
import pytest
import tensorflow as tf
from bounded import in_a_child

from components.errors import TransferlineError
from components.image_example_gen import archives, tfrecord_frames, tfrecords
from components.image_example_gen.config import ArchiveBounds, ExampleFeatures
from components.image_example_gen.tfrecord_names import split_of_file
from pipeline.profile.photos import look_at_photos


def example(**features):
    def feature(value):
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        values = value if isinstance(value, list) else [value]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    features = {name: feature(value) for name, value in features.items()}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write(path, records, compression=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), options=tf.io.TFRecordOptions(compression_type=compression)) as writer:
        for record in records:
            writer.write(record)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00002", "train"),
        ("validation.tfrecord", "eval"),
        ("my_val_set.tfrecord", "eval"),
        ("cats_vs_dogs-test.tfrecord-00000-of-00004", "test"),
        ("Split-eval/data_tfrecord-00000-of-00001.gz", "eval"),
        ("latest.tfrecord", ""),
        ("trains.tfrecord", ""),
    ],
)
def test_split_of_file(name, split):
    assert split_of_file(name) == split


def test_a_folder_of_splits(encode, take, tmp_path):
    for index, name in enumerate(["train-00000-of-00001", "val-00000-of-00001.gz", "test.tfrecord"]):
        record = example(image=encode(index), label=b"cat")
        write(tmp_path / name, [record], "GZIP" if name.endswith("gz") else "")
    (tmp_path / "dataset_info.json").write_text(json.dumps({}))
    taken = take(tmp_path)
    assert taken.counts() == {("train", "cat"): 1, ("eval", "cat"): 1, ("test", "cat"): 1}
    assert taken.quarantined == {"dataset_info.json": "it isn't named like a TFRecord"}
    assert {item.place for item in taken.written} >= {"test.tfrecord, record 1"}


def test_examples_of_another_run(encode, take, tmp_path):
    for index, split in enumerate(["train", "eval", "test"]):
        record = example(image=encode(index), label=b"cat")
        write(tmp_path / f"Split-{split}" / "data_tfrecord-00000-of-00001.gz", [record], "GZIP")
    assert len(take(tmp_path).counts()) == 3


def test_a_pattern_and_a_file_by_hash(encode, take, tmp_path):
    write(tmp_path / "a.tfrecord", [example(image=encode(index), label=b"cat") for index in range(4)])
    write(tmp_path / "b.tfrecord", [example(image=encode(index), label=b"dog") for index in range(4, 6)])
    (tmp_path / "c.txt").write_text("text")
    assert take(tmp_path / "*.tfrecord").labels() == {"cat": 4, "dog": 2}
    assert take(tmp_path / "a.tfrecord").labels() == {"cat": 4}


def test_names_of_features_and_classes(encode, take, tmp_path):
    records = [example(**{"image/encoded": encode(index), "class": index}) for index in range(2)]
    write(tmp_path / "a.tfrecord", records)
    features = ExampleFeatures(image="image/encoded", label="class", class_names=("cats", "dog"))
    assert take(tmp_path, features=features, class_aliases={"cats": "cat"}).labels() == {"cat": 1, "dog": 1}


def test_examples_that_cant_be_used(encode, take, tmp_path):
    photo = encode()
    records = [
        example(image=photo, label=b"cat"),
        example(label=b"cat"),
        example(image=[photo, photo], label=b"cat"),
        example(image=photo),
        example(image=photo, label=1),
        example(image=photo, label=b" "),
        example(image=b"text", label=b"cat"),
        b"\xff\xff no example",
        example(image=photo, label=b"cat") + b"\x0c",
    ]
    write(tmp_path / "a.tfrecord", records)
    taken = take(tmp_path)
    assert taken.found == 9
    assert taken.quarantined == {
        "a.tfrecord, record 2": "the feature 'image' holds 0 bytes values, not 1",
        "a.tfrecord, record 3": "the feature 'image' holds 2 bytes values, not 1",
        "a.tfrecord, record 4": "the feature 'label' holds 0 bytes values, not 1",
        "a.tfrecord, record 5": "the feature 'label' is an index; data.features.class_names must tell the classes",
        "a.tfrecord, record 6": "the feature 'label' is blank",
        "a.tfrecord, record 7": "not a photo but text; JPEG, PNG, GIF, BMP and WebP are read",
        "a.tfrecord, record 8": "the record is no tf.Example",
        # An end of what never began: protobuf's older parser stops there and only warns.
        "a.tfrecord, record 9": "the record is no tf.Example",
    }


def test_indices_without_a_class(encode, take, tmp_path):
    photo = encode()
    write(tmp_path / "a.tfrecord", [example(image=photo, label=label) for label in (0, -1, 1, b"cat")])
    taken = take(tmp_path, features=ExampleFeatures(class_names=("cat",)))
    assert taken.labels() == {"cat": 1}
    assert taken.quarantined["a.tfrecord, record 3"] == "the feature 'label' is 1, and there are 1 class_names"
    assert taken.quarantined["a.tfrecord, record 4"] == "the feature 'label' holds 0 int64 values, not 1"


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_a_file_that_is_cut_is_refused(encode, take, tmp_path, compression):
    path = tmp_path / "a.tfrecord"
    write(path, [example(image=encode(index), label=b"cat") for index in range(3)], compression)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TransferlineError, match="TFRecord file is truncated or damaged") as caught:
        take(tmp_path)
    assert caught.value.place == str(path)


def test_a_feature_with_the_group(encode, take, tmp_path):
    records = [example(image=encode(n), label=b"cat", patient=number) for n, number in enumerate([7, 7, b"7"])]
    write(tmp_path / "photos.tfrecord", [*records, example(image=encode(9), label=b"cat")])
    taken = take(tmp_path, split={"by": "hash", "group": "patient", "train": 0.4, "eval": 0.3, "test": 0.3})
    assert len({item.split for item in taken.written}) == 1
    assert len(taken.written) == 3
    (reason,) = taken.quarantined.values()
    assert reason == "the feature 'patient', which data.split.group names, holds 0 values, not 1"


def masked(crc):
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def test_a_record_of_zeros_takes_little_memory(tmp_path):
    """It is 600 MiB, and 0.6 MB in the file; one as large as it may be is in memory once."""
    chunk, crc = bytes(2**20), 0
    length = struct.pack("<Q", 600 * 2**20)
    path = tmp_path / "a.tfrecord.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(length + masked(google_crc32c.value(length)))
        for _ in range(600):
            file.write(chunk)
            crc = google_crc32c.extend(crc, chunk)
        file.write(masked(crc))
    ((found, mebibytes),) = in_a_child(look_at_photos, [path])
    assert "unpacks to more than" in found
    assert mebibytes < 100


def test_a_record_that_is_too_large_is_quarantined(encode, take, tmp_path, monkeypatch):
    write(
        tmp_path / "a.tfrecord", [example(image=encode(index) + bytes(index * 9), label=b"cat") for index in (1, 99, 2)]
    )
    for module in (tfrecord_frames, tfrecords):
        monkeypatch.setattr(module, "MAX_FILE_BYTES", len(encode(99)) + 500)
    assert take(tmp_path).quarantined == {"a.tfrecord, record 2": "the record is larger than 0 MiB"}


def test_gzipped_records_have_the_bounds_of_archives(encode, take, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS_ARCHIVE_BYTES", 1000)
    write(tmp_path / "a.tfrecord.gz", [example(image=encode(1) + bytes(2**20), label=b"cat")], "GZIP")
    for bounds in (ArchiveBounds(), ArchiveBounds(max_ratio=5000, max_unpacked=1000)):
        with pytest.raises(TransferlineError, match="unpacks to more than"):
            take(tmp_path, archive=bounds)
    assert take(tmp_path, archive=ArchiveBounds(max_ratio=5000)).labels() == {"cat": 1}


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_a_damage_anywhere_is_found_as_tensorflow_finds_it(encode, take, tmp_path, compression):
    path = tmp_path / "a.tfrecord"
    write(path, [example(image=encode(index), label=b"cat") for index in range(3)], compression)
    content = path.read_bytes()
    for at in range(0, len(content), 97):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        kind = "GZIP" if path.read_bytes()[:2] == b"\x1f\x8b" else ""
        try:
            whole = len(list(tf.data.TFRecordDataset(str(path), compression_type=kind)))
        except tf.errors.OpError:
            with pytest.raises(TransferlineError, match="TFRecord file is truncated or damaged"):
                take(path)
        else:
            assert take(path).found == whole
