import pytest
import tensorflow as tf

from components.errors import TransferlineError
from components.ingest.read_counts import AddRead
from components.ingest.record_counts import COUNTS_FILE, Stored, compared, records_of, stored, write_counts, write_read
from components.ingest.record_files import shard_name


@pytest.fixture
def split(tmp_path):
    """The folder of a split with two files, of three records and of none."""
    folder = tmp_path / "examples" / "Split-train"
    folder.mkdir(parents=True)
    for number, records in enumerate((3, 0)):
        with tf.io.TFRecordWriter(str(folder / shard_name(number, 2)), "GZIP") as writer:
            for record in range(records):
                writer.write(b"%d" % record)
    return str(folder)


def test_records_are_counted_where_nobody_has_left_their_number(split):
    assert records_of(split) == records_of(f"{split}/") == 3
    write_counts({"eval": 7}, {"eval": split.replace("train", "eval")})
    assert records_of(split) == 3


def test_the_number_that_was_left_is_taken(split, tmp_path):
    write_counts({"train": 7}, {"train": split})
    assert records_of(split) == 7
    assert [path.name for path in (tmp_path / "examples").iterdir() if path.is_file()] == [COUNTS_FILE]
    files = tuple(f"{split}/{shard_name(number, 2)}" for number in range(2))
    assert stored("train", [split]) == Stored("train", files, 7)


@pytest.fixture
def job(tmp_path):
    """Compares what was read of two files with five records; returns what is left of the job's output then."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "read.json").write_text('{"a": 2, "b": 3}')  # of an attempt before

    def run(read):
        with compared({str(out): Stored("train", ("a", "b"), 5)}):
            (out / "statistics").touch()
            if read is not None:
                write_read(read, str(out))
        return [path.name for path in out.iterdir()]

    return run


def test_what_was_read_whole_is_left(job):
    assert job({"a": 2, "b": 3}) == ["statistics"]


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ({"a": 2}, "train has 5 records, 2 were read"),
        ({"a": 4, "b": 3}, "train has 5 records, 7 were read"),
        ({"a": 2, "of another split": 3}, "train has 2 files, 1 of them were read"),
        ({"a": 5}, "train has 2 files, 1 of them were read"),
        (None, "train has 5 records, 0 were read"),
    ],
)
def test_what_was_lost_doubled_or_mixed_up_is_told_and_nothing_is_left(job, tmp_path, read, told):
    with pytest.raises(TransferlineError, match="Records were lost or doubled on the way") as caught:
        job(read)
    assert told in caught.value.cause
    assert not (tmp_path / "out").exists()


def test_what_several_workers_read_adds_up():
    add = AddRead()
    parts = [add.add_input(add.create_accumulator(), read) for read in ({"a": 1}, {"b": 0}, {"a": 2, "b": 5})]
    assert add.extract_output(add.merge_accumulators(parts)) == {"a": 3, "b": 5}
