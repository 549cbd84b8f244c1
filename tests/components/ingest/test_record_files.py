import io

import pytest

from components.errors import TransferlineError
from components.ingest import storage
from components.ingest.record_files import files_of_split, record_files, shard_name, without_leftovers

FOREIGN = (
    "beam-temp-data_tfrecord-0a1b/0a1b.data_tfrecord.gz",
    "0a1b.data_tfrecord.gz",
    "data_tfrecord-00000-of-00002.gz.part",
    ".data_tfrecord-00000-of-00002.gz",
    "data_tfrecord-0-of-2.gz",
    "unfinished-0a1b-00000.gz",
    "x.gz",
    ".DS_Store",
    "notes.txt",
)


@pytest.fixture(params=["gs://bucket", "", "file://"], ids=["google", "local", "remote"])
def split(request, object_store, tmp_path):
    """The folder of a split, on each kind of storage."""
    return (
        f"{request.param}/Split-train" if request.param.startswith("gs") else f"{request.param}{tmp_path}/Split-train"
    )


@pytest.fixture
def write(split):
    def written(*names):
        for name in names:
            storage.upload(io.BytesIO(b"records"), f"{split}/{name}")
        return [f"{split}/{name}" for name in sorted(names)]

    return written


def shards(count):
    return [shard_name(number, count) for number in range(count)]


def test_what_lies_beside_the_shards_is_no_file_of_records(split, write):
    files = write(*shards(2))
    write(*FOREIGN)
    assert files_of_split(split) == record_files([f"{split}/*"]) == files


def test_files_that_are_named_are_taken_by_their_names(split, write):
    (file,) = write("x.gz")
    assert record_files([file]) == record_files([f"{split}/*.gz"]) == [file]


def test_a_name_that_names_none_is_told(split, write):
    write("x.gz")
    for pattern in (split, f"{split}/y*"):
        with pytest.raises(TransferlineError, match="There are no files of records") as caught:
            record_files([pattern])
        assert caught.value.place == pattern


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        ([], "There are no files of records."),
        ([shard_name(5, 1)], "There are no files of records."),
        ([shard_name(0, 3), shard_name(2, 3)], "Files of records are missing: data_tfrecord-00001-of-00003.gz."),
        (
            [*shards(1), *shards(2)],
            f"Files of several writings lie side by side: {shard_name(0, 1)}, {shard_name(0, 2)}.",
        ),
    ],
    ids=["none", "one too many", "one is missing", "two writings"],
)
def test_a_split_that_is_not_whole_is_told(split, write, names, cause):
    write("x.gz", *names)
    with pytest.raises(TransferlineError) as caught:
        files_of_split(split)
    assert (caught.value.cause, caught.value.place) == (cause, split)
    assert caught.value.cure.startswith("Remove the folder")


def test_a_job_finds_and_leaves_shards_alone(split, write):
    write(*FOREIGN, *shards(1))
    with without_leftovers([split]):
        assert storage.names_in(split) == []
        files = write(*shards(2))
        write(*FOREIGN)
    assert sorted(f"{split}/{name}" for name in storage.names_in(split)) == files


def test_a_job_that_fails_leaves_nothing_temporary(split, write):
    def lose_a_worker():
        with without_leftovers([split]):
            write(*FOREIGN)
            raise RuntimeError("a worker was lost")

    with pytest.raises(RuntimeError, match="a worker was lost"):
        lose_a_worker()
    assert storage.names_in(split) == []
