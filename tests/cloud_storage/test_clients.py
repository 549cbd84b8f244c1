"""The clients of Cloud Storage, unchanged, on the emulator: what the other tests here take for granted."""

import os
import time

import apache_beam as beam
import pytest
import tensorflow as tf
from apache_beam.io.filesystems import FileSystems
from cloud_storage import emulator
from google.api_core.exceptions import PreconditionFailed
from google.cloud import storage
from tfx.dsl.io import fileio

CONTENTS = {
    "empty": b"",
    "a byte": b"\r",
    "lines": b"\r\n--\r\n\n\r" * 1000,
    "any": os.urandom(3_000_001),
    "several chunks": os.urandom(21 * 2**20),
}


@pytest.fixture(params=CONTENTS)
def content(request):
    return CONTENTS[request.param]


def test_gfile_reads_what_it_wrote(folder, content):
    path = f"{folder}/a folder/näme #1?.bin"
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)
    with tf.io.gfile.GFile(path, "rb") as file:
        assert file.read() == content
    assert tf.io.gfile.stat(path).length == len(content)
    assert abs(tf.io.gfile.stat(path).mtime_nsec / 1e9 - time.time()) < 600


def test_every_client_reads_what_the_others_wrote(folder, content):
    bucket = storage.Client().bucket("bucket")
    name = folder.removeprefix("gs://bucket/")
    with tf.io.gfile.GFile(f"{folder}/tensorflow", "wb") as file:
        file.write(content)
    bucket.blob(f"{name}/google").upload_from_string(content, "application/octet-stream")
    with bucket.blob(f"{name}/google in chunks").open("wb", chunk_size=2**20, ignore_flush=True) as file:
        file.write(content)
    with FileSystems.create(f"{folder}/beam", compression_type="uncompressed") as file:
        file.write(content)

    names = ["beam", "google", "google in chunks", "tensorflow"]
    assert sorted(tf.io.gfile.listdir(folder)) == names
    assert [blob.name for blob in bucket.list_blobs(prefix=f"{name}/")] == [f"{name}/{each}" for each in names]
    assert sorted(each.path for each in FileSystems.match([f"{folder}/*"])[0].metadata_list) == [
        f"{folder}/{each}" for each in names
    ]
    for each in names:
        with tf.io.gfile.GFile(f"{folder}/{each}", "rb") as file:
            assert file.read() == content
        assert bucket.blob(f"{name}/{each}").download_as_bytes() == content
        with FileSystems.open(f"{folder}/{each}", compression_type="uncompressed") as file:
            assert file.read() == content


def test_a_part_of_an_object_is_read(folder):
    content = CONTENTS["any"]
    with tf.io.gfile.GFile(f"{folder}/file", "wb") as file:
        file.write(content)
    with tf.io.gfile.GFile(f"{folder}/file", "rb") as file:
        file.seek(1_000_000)
        assert file.read(10) == content[1_000_000:1_000_010]
    blob = storage.Client().bucket("bucket").blob(f"{folder.removeprefix('gs://bucket/')}/file")
    assert blob.download_as_bytes(start=5, end=14) == content[5:15]


def test_folders_of_tensorflow_are_markers(folder):
    tf.io.gfile.makedirs(f"{folder}/a/b")
    names = [blob.name for blob in storage.Client().list_blobs("bucket", prefix=folder.removeprefix("gs://bucket/"))]
    assert [name.removeprefix(folder.removeprefix("gs://bucket/")) for name in names] == ["/", "/a/", "/a/b/"]
    assert tf.io.gfile.isdir(f"{folder}/a/b")
    assert not tf.io.gfile.exists(f"{folder}/a/c")


def test_tfx_copies_moves_and_removes(folder, tmp_path):
    (tmp_path / "file").write_bytes(b"1")
    fileio.makedirs(f"{folder}/a")
    fileio.copy(str(tmp_path / "file"), f"{folder}/a/file")
    fileio.rename(f"{folder}/a", f"{folder}/b")
    assert not fileio.exists(f"{folder}/a")
    assert fileio.glob(f"{folder}/*/*") == [f"{folder}/b/", f"{folder}/b/file"]
    fileio.rmtree(f"{folder}/b")
    assert not fileio.exists(f"{folder}/b")


def test_beam_copies_renames_and_deletes(folder):
    for name in "abc":
        with FileSystems.create(f"{folder}/{name}") as file:
            file.write(name.encode())
    FileSystems.copy([f"{folder}/a"], [f"{folder}/copied"])
    FileSystems.rename([f"{folder}/b"], [f"{folder}/renamed"])
    FileSystems.delete([f"{folder}/c"])
    assert sorted(tf.io.gfile.listdir(folder)) == ["a", "copied", "renamed"]
    with FileSystems.open(f"{folder}/renamed") as file:
        assert file.read() == b"b"


def test_a_listing_of_many_pages(folder):
    client = storage.Client()
    name = folder.removeprefix("gs://bucket/")
    bucket = client.bucket("bucket")
    for number in range(25):
        bucket.blob(f"{name}/{number // 10}/{number:02}").upload_from_string("")
    by_seven = client.list_blobs("bucket", prefix=f"{name}/", page_size=7)
    assert [blob.name[-2:] for blob in by_seven] == [f"{number:02}" for number in range(25)]
    folders = client.list_blobs("bucket", prefix=f"{name}/", delimiter="/", page_size=2)
    assert not list(folders)
    assert folders.prefixes == {f"{name}/0/", f"{name}/1/", f"{name}/2/"}


def test_a_condition_that_does_not_hold_changes_nothing(folder):
    bucket = storage.Client().bucket("bucket")
    blob = bucket.blob(f"{folder.removeprefix('gs://bucket/')}/file")
    blob.upload_from_string("first", if_generation_match=0)
    first = blob.generation
    for content in ("small", "a" * (9 * 2**20)):
        with pytest.raises(PreconditionFailed):
            blob.upload_from_string(content, if_generation_match=0)
    blob.upload_from_string("second", if_generation_match=first)
    with pytest.raises(PreconditionFailed):
        blob.delete(if_generation_match=first)
    with pytest.raises(PreconditionFailed):
        bucket.copy_blob(blob, bucket, blob.name, if_generation_match=first)
    assert blob.download_as_bytes() == b"second"


def test_tfrecords_of_tensorflow_and_beam(folder):
    records = [os.urandom(number) for number in range(300)]
    with tf.io.TFRecordWriter(f"{folder}/tensorflow.gz", "GZIP") as writer:
        for record in records:
            writer.write(record)
    with beam.Pipeline() as pipeline:
        (
            pipeline
            | beam.io.ReadFromTFRecord(f"{folder}/tensorflow.gz")
            | beam.io.WriteToTFRecord(f"{folder}/beam", file_name_suffix=".gz", num_shards=3)
        )
    read = tf.data.TFRecordDataset(tf.io.gfile.glob(f"{folder}/beam-*.gz"), "GZIP")
    assert sorted(read.as_numpy_iterator()) == sorted(records)


def test_a_saved_model(folder):
    model = tf.Module()
    model.table = tf.Variable(tf.random.uniform([1000, 100]))
    model.row = tf.function(lambda index: model.table[index], input_signature=[tf.TensorSpec([], tf.int64)])
    tf.saved_model.save(model, f"{folder}/model")
    loaded = tf.saved_model.load(f"{folder}/model")
    assert (loaded.row(7).numpy() == model.table[7].numpy()).all()


@pytest.mark.parametrize("action", ["429", "503", "cut", "lost"])
def test_tensorflow_tries_again(folder, action):
    content = CONTENTS["any"]
    kinds = ("write", "list", "stat", "read")
    with emulator.faults(*({"action": action, "kind": kind} for kind in kinds)):
        with tf.io.gfile.GFile(f"{folder}/file", "wb") as file:
            file.write(content)
        assert tf.io.gfile.listdir(folder) == ["file"]
        assert tf.io.gfile.stat(f"{folder}/file").length == len(content)
        with tf.io.gfile.GFile(f"{folder}/file", "rb") as file:
            assert file.read() == content
        assert emulator.met() == len(kinds)


@pytest.mark.parametrize("action", ["429", "503", "cut", "lost"])
def test_beam_tries_again(folder, action):
    records = [os.urandom(3000) for _ in range(3000)]
    with tf.io.TFRecordWriter(f"{folder}/records") as writer:
        for record in records:
            writer.write(record)
    with emulator.faults({"action": action, "kind": "read", "times": 2, "path": "bucket/.*records"}):
        with beam.Pipeline() as pipeline:
            (
                pipeline
                | beam.io.ReadFromTFRecord(f"{folder}/records*")
                | beam.io.WriteToTFRecord(f"{folder}/written", num_shards=1)
            )
        assert emulator.met() == 2
    (written,) = tf.io.gfile.glob(f"{folder}/written*")
    assert list(tf.data.TFRecordDataset(written).as_numpy_iterator()) == records
