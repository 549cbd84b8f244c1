import pytest
import tensorflow as tf

from components.csv_example_gen.encode import gzipped
from components.errors import TransferlineError
from components.ingest.record_files import shard_name
from components.ingest.results import (
    BYTES,
    COMPARED,
    DUPLICATES,
    FOUND,
    check_columns,
    check_compared,
    check_parts,
    check_sizes,
    result_line,
)

SHARD = shard_name(0, 1)


@pytest.mark.parametrize("stored", [0, 9, 20])
def test_bytes_that_were_lost_or_doubled_are_noticed(tmp_path, stored):
    results, folder = tmp_path / "results.jsonl", tmp_path / "Split-train"
    folder.mkdir()
    results.write_text(result_line(BYTES, ("train", 10)) + "\n")
    (folder / SHARD).write_bytes(b"x" * 10)
    check_sizes(str(results), {"train": str(folder)})
    (folder / SHARD).write_bytes(b"x" * stored)
    with pytest.raises(TransferlineError, match="lost or doubled"):
        check_sizes(str(results), {"train": str(folder)})


def test_a_split_without_records_has_an_empty_file(tmp_path):
    results = tmp_path / "results.jsonl"
    results.write_text("")
    with pytest.raises(TransferlineError, match="not all of its files are stored"):
        check_sizes(str(results), {"train": str(tmp_path)})
    (tmp_path / SHARD).write_bytes(gzipped(b""))
    check_sizes(str(results), {"train": str(tmp_path)})


def test_records_that_nobody_wrote_are_noticed(tmp_path):
    results = tmp_path / "results.jsonl"
    results.write_text("")
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(tmp_path / SHARD), options) as writer:
        writer.write(b"a record")
    with pytest.raises(TransferlineError, match="lost or doubled"):
        check_sizes(str(results), {"train": str(tmp_path)})


@pytest.mark.parametrize("ends", [[], [1], [1, 1, 1]])
def test_parts_that_were_lost_or_read_twice_are_noticed(tmp_path, ends):
    results = tmp_path / "results.jsonl"
    results.write_text("".join(result_line(FOUND, (5, 0, end)) + "\n" for end in ends))
    check_parts(str(results), len(ends))
    with pytest.raises(TransferlineError, match="of 2 parts of the input were read"):
        check_parts(str(results), 2)


@pytest.mark.parametrize(
    ("records", "told", "lost"),
    [
        (5, 1, ""),
        (6, 1, "6 written, copies looked for among 5"),
        (5, 0, "1 results of duplicates were made, 0 arrived"),
    ],
)
def test_records_that_came_to_no_comparison_are_noticed_and_so_is_what_came_of_it(tmp_path, records, told, lost):
    results = tmp_path / "results.jsonl"
    lines = [(COMPARED, (3, 0)), (COMPARED, (2, 1)), *[(DUPLICATES, {})] * told]
    results.write_text("".join(result_line(*line) + "\n" for line in lines))
    if not lost:
        check_compared(str(results), records)
        return
    with pytest.raises(TransferlineError, match=lost):
        check_compared(str(results), records)


def test_rows_that_were_not_counted_in_a_column_are_noticed():
    written = {"train": 5, "test": 0}
    check_columns({"a": written, "b": {"train": 5}}, written, "place")
    with pytest.raises(TransferlineError, match="5 written for train, 4 counted in the column b"):
        check_columns({"a": written, "b": {"train": 4}}, written, "place")
