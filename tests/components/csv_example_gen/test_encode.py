import gzip
import time

import numpy as np
import pytest
import tensorflow as tf

from components.arrow import pa
from components.csv_example_gen import encode
from components.csv_example_gen.encode import encode_each, framed, gzipped, gzipped_records


def read(content, tmp_path, compression=""):
    path = tmp_path / "records"
    path.write_bytes(content)
    return [record.numpy() for record in tf.data.TFRecordDataset(str(path), compression_type=compression)]


def tables():
    floats = pa.array(np.random.default_rng(0).normal(size=7), pa.float32())
    return {
        "floats alone": pa.table({"x": floats, "y": pa.array([0, -0.0, 1e-38, 1e38, 0.1, 1, 2], pa.float32())}),
        "with a label": pa.table({"x": floats, "label": list("0101101")}),
        "with texts of many lengths": pa.table({"x": floats, "label": ["cat", "horse", "ox", "cat", "", "é", "ox"]}),
        "with whole numbers": pa.table({"x": floats, "n": pa.array([0, 1, 300, -1, 2**60, 1, 0], pa.int64())}),
        "with missing values": pa.table(
            {"x": pa.array([1, None, 3, None, 5, 6, 7], pa.float32()), "t": [None, "a", "b", "a", None, "b", "a"]}
        ),
        "with missing texts only": pa.table({"x": floats, "t": [None, "a", "b", "a", None, "b", "a"]}),
        "texts alone": pa.table({"t": list("abcdefg")}),
        "no rows": pa.table({"x": pa.array([], pa.float32()), "label": pa.array([], pa.string())}),
    }


@pytest.mark.parametrize("name", tables())
def test_records_say_what_the_encoder_would_say_in_the_order_of_the_rows(name, tmp_path, decode):
    table = tables()[name]
    records = read(framed(table), tmp_path)
    assert [decode(record) for record in records] == [decode(record) for record in encode_each(table)]
    assert len(records) == table.num_rows


def test_many_rows_are_stamped_from_one_example(tmp_path, decode, monkeypatch):
    rows = 10_000
    values = np.random.default_rng(1).normal(size=(rows, 40)).astype(np.float32)
    table = pa.table({f"column {number}": values[:, number] for number in range(40)} | {"label": ["0", "1"] * 5_000})
    encoded = []
    monkeypatch.setattr(encode, "encode_each", lambda part: encoded.append(part.num_rows) or encode_each(part))
    records = read(framed(table), tmp_path)
    assert sum(encoded) == 2
    example = decode(records[7])
    assert example["label"] == b"1"
    assert [example[f"column {number}"] for number in range(40)] == values[7].tolist()


def test_a_text_that_looks_like_a_mark_is_encoded_each(tmp_path, decode):
    mark = b"\x5a\x00\x00\x3c".decode()
    table = pa.table({"x": pa.array([1.5, 2.5], pa.float32()), "label": [mark, mark]})
    assert [decode(record)["x"] for record in read(framed(table), tmp_path)] == [1.5, 2.5]


def test_pieces_put_together_are_one_file(tmp_path, decode):
    table = tables()["with a label"]
    content = gzipped_records(table) + gzipped_records(table)
    assert len(read(content, tmp_path, "GZIP")) == 2 * table.num_rows
    assert len(gzip.decompress(content)) == 2 * len(framed(table))


def test_a_file_of_no_pieces_is_read_as_no_records(tmp_path):
    # Only alone: TensorFlow takes an empty member for the end of the file.
    assert read(gzipped(b""), tmp_path, "GZIP") == []


def test_the_same_content_is_the_same_bytes_at_any_time(monkeypatch):
    first = gzipped(b"rows")
    monkeypatch.setattr(time, "time", lambda: 0)
    assert gzipped(b"rows") == first
