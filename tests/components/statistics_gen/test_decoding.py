import numpy as np
import pytest
import tensorflow as tf
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.statistics_gen.decoding import Decoder


def rows_of(batches):
    """The rows of record batches, as they would be in one; a feature that a row lacks is None."""
    batches = [batch for batch in batches if batch.num_rows]
    names = {name for batch in batches for name in batch.schema.names}
    return [dict.fromkeys(names) | row for batch in batches for row in batch.to_pylist()]


def in_any_order(rows):
    return sorted(map(repr, (dict(sorted(row.items())) for row in rows)))


@pytest.fixture
def decode():
    """Decodes examples of which the first is looked at before."""

    def run(examples):
        decoder = Decoder()
        decoder.learn(examples[:1])
        return list(decoder.record_batches(tf.constant(examples)))

    return run


INTS = [0, 1, 127, 128, 2**14 - 1, 2**14, 2**35, 2**63 - 1, -1, -(2**63)]
"""Numbers of every size that a varint has."""


def test_examples_that_hold_what_is_known_come_in_one_batch(decode, serialized):
    examples = [
        serialized(
            number=[value],
            several=INTS[:at],
            share=np.float32([value]),
            shares=np.zeros(at * 40, np.float32),
            text=["é" * at * 70],
            texts=["", "a", "b" * 200][:at],
        )
        for at, value in enumerate(INTS, start=1)
    ]
    (batch,) = decode(examples)
    assert rows_of([batch]) == rows_of([ExamplesToRecordBatchDecoder().DecodeBatch(examples)])


@pytest.mark.parametrize(
    "odd",
    [
        {"known": [2], "unknown": ["x"]},
        {"known": []},
        {"known": None},
        {"unknown": None},
        {"known": [3], "empty": []},
        {},
    ],
)
def test_an_example_that_holds_something_else_is_decoded_apart(decode, serialized, odd):
    examples = [serialized(known=[1]), serialized(**odd), serialized(known=[4])]
    plain, apart = decode(examples)
    assert (plain.num_rows, apart.num_rows) == (2, 1)
    expected = rows_of([ExamplesToRecordBatchDecoder().DecodeBatch(examples)])
    assert in_any_order(rows_of([plain, apart])) == in_any_order(expected)


def test_a_list_that_is_not_packed_is_decoded(decode, serialized):
    """Protobuf's parsers have to take it, though its writers make no such thing of a tf.Example."""
    packed = serialized(known=[7, 8])
    unpacked = packed.replace(b"\x1a\x04\x0a\x02\x07\x08", b"\x1a\x04\x08\x07\x08\x08")
    assert unpacked != packed
    assert rows_of(decode([packed, unpacked])) == [{"known": [7, 8]}] * 2


def test_what_was_learnt_is_known_in_the_next_batch(serialized):
    decoder = Decoder()
    examples = tf.constant([serialized(a=[1]), serialized(a=[1], b=["late"])])
    decoder.learn([serialized(a=[1])])
    assert [batch.num_rows for batch in decoder.record_batches(examples)] == [1, 1]
    assert [batch.num_rows for batch in decoder.record_batches(examples)] == [2]


def test_a_feature_of_two_types_is_an_error(serialized):
    decoder = Decoder()
    decoder.learn([serialized(a=[1])])
    with pytest.raises(RuntimeError, match="int64_list"):
        list(decoder.record_batches(tf.constant([serialized(a=[1]), serialized(a=["text"])])))


def test_an_example_that_is_none_is_an_error(serialized):
    decoder = Decoder()
    decoder.learn([serialized(a=[1])])
    with pytest.raises(RuntimeError, match="parse"):
        list(decoder.record_batches(tf.constant([b"no example"])))
