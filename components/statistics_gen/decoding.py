"""Decodes serialized tf.Examples whose features nobody has declared.

tfx_bsl finds out what features there are, and takes four times as long as TensorFlow's parser, which has to be told. So
tfx_bsl looks at some examples, TensorFlow parses all, and the sizes of the examples tell whether that was all that they
hold: the others are left to tfx_bsl.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.arrow import pa, pc
from components.record_batches import TYPES, list_array

Sizes: TypeAlias = npt.NDArray[np.int64]

VARINT_BOUNDS = np.array([2 ** (7 * size) for size in range(1, 10)], np.uint64)
"""The least number that takes one byte more: seven bits of a byte are the number's."""

TAG = 1
"""Bytes of the number of a field below 16, and of its type."""


class Decoder:
    """Decodes batches, and learns of features as it goes; many threads may use it at once."""

    def __init__(self) -> None:
        self._decoder = ExamplesToRecordBatchDecoder()
        self._known: dict[str, pa.DataType] = {}

    def learn(self, examples: Sequence[bytes]) -> None:
        """Looks at some examples, so that others like them are decoded fast."""
        self._decode(examples)

    def record_batches(self, examples: tf.Tensor) -> Iterator[pa.RecordBatch]:
        """Yields what `ExamplesToRecordBatchDecoder` makes of the examples, in at most two parts.

        Args:
            examples: string [examples], serialized.
        """
        known = dict(self._known)
        try:
            parsed = _parse(examples, known) if known else None
        except tf.errors.InvalidArgumentError:  # a feature of another type than before, or an example that is none
            parsed = None
        if parsed is None:
            yield self._decode(examples.numpy().tolist())
            return
        whole = tf.strings.length(examples).numpy() == sizes(parsed)
        if whole.all():
            yield parsed
            return
        yield parsed.filter(pa.array(whole))
        yield self._decode(examples.numpy()[~whole].tolist())

    def _decode(self, examples: Sequence[bytes]) -> pa.RecordBatch:
        batch = self._decoder.DecodeBatch(examples)
        found = {field.name: field.type for field in batch.schema if not pa.types.is_null(field.type)}
        self._known = found | self._known
        return batch


def _parse(examples: tf.Tensor, known: dict[str, pa.DataType]) -> pa.RecordBatch:
    """Returns the features that are known, of each example."""
    spec = {name: tf.io.RaggedFeature(TYPES[kind.value_type]) for name, kind in known.items()}
    parsed = tf.io.parse_example(examples, spec)
    columns = [list_array(parsed[name], kind) for name, kind in known.items()]
    return pa.RecordBatch.from_arrays(columns, list(known))


def sizes(batch: pa.RecordBatch) -> Sizes:
    """Returns how many bytes each example takes that holds just this, int64 [examples].

    A list that isn't there is a feature that the example lacks. An example that holds more, or the same in another way
    than protobuf writes it, is larger. Source: protobuf's encoding, and tensorflow/core/example/feature.proto.
    """
    features = np.zeros(batch.num_rows, np.int64)
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        key = _field(np.array(len(name.encode())))
        entry = key + _field(_field(_alike(_list_sizes(column))))
        features += np.where(np.diff(column.offsets.to_numpy()) > 0, _field(entry), 0)
    return _field(features)


def _list_sizes(column: pa.LargeListArray) -> Sizes:
    """Bytes of each FloatList, Int64List or BytesList. Numbers are packed: a field for all; each text is a field."""
    offsets, values = column.offsets.to_numpy(), column.values
    if pa.types.is_floating(values.type):
        return _field(_alike(np.diff(offsets) * values.type.bit_width // 8))
    if pa.types.is_integer(values.type):
        return _field(_sums(_varint(values.to_numpy()), offsets))
    return _sums(_field(_alike(pc.binary_length(values).to_numpy())), offsets)


def _sums(of_values: Sizes, offsets: Sizes) -> Sizes:
    """Sums over the values of each example; one size stands for all values."""
    ends = np.concatenate([[0], np.cumsum(np.broadcast_to(of_values, offsets[-1]))])
    return np.diff(ends[offsets])


def _field(size: Sizes) -> Sizes:
    """Bytes of a field of so many bytes: what it is, how long it is, what it holds."""
    return TAG + _varint(size) + size


def _varint(numbers: Sizes) -> Sizes:
    """Bytes of numbers; of those below zero, ten."""
    return np.searchsorted(VARINT_BOUNDS, np.asarray(numbers, np.int64).view(np.uint64), side="right") + 1


def _alike(found: Sizes) -> Sizes:
    """One size for all, where all are the same: it is broadcast."""
    return found[:1] if len(found) and (found == found[0]).all() else found
